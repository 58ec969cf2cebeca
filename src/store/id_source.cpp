#include "store/id_source.h"

#include "pg/datum.h"
#include "store/log_table.h"
#include "runtime/shared_memory.h"

namespace eventlog::store {
namespace {

runtime::Shared<std::atomic<uint64_t>> shared_clock{"eventlog ids"};
std::atomic<uint64_t> own_clock{0};
Oid raised_above[kMaxLogTables];  // tables above whose greatest id the clock has been raised
ids::RandomPool pool;

std::atomic<uint64_t>& id_clock() {
    return shared_clock ? *shared_clock : own_clock;
}

bool fill_with_random(void* bytes, size_t size) {
    return pg_strong_random(bytes, size);
}

// Raises the clock to the greatest id in a leaf, including dead and uncommitted rows. Returns false if the
// leaf is empty.
bool raise_above(Oid leaf_oid) {
    Relation leaf = table_open(leaf_oid, AccessShareLock);
    Oid key = primary_key_of(leaf);
    bool found = false;
    if (OidIsValid(key)) {
        Relation index = index_open(key, AccessShareLock);
        IndexScanDesc scan = begin_index_scan(leaf, index, SnapshotAny, 0);
        index_rescan(scan, nullptr, 0, nullptr, 0);
        TupleTableSlot* slot = table_slot_create(leaf, nullptr);
        if (index_getnext_slot(scan, BackwardScanDirection, slot)) {
            bool null = false;
            ids::raise_to(
                id_clock(),
                ids::tick_of(pg::uuid_of(slot_getattr(slot, index->rd_index->indkey.values[0], &null))));
            found = true;
        }
        ExecDropSingleTupleTableSlot(slot);
        index_endscan(scan);
        index_close(index, AccessShareLock);
    }
    table_close(leaf, AccessShareLock);
    return found;
}

// Raises the clock above the stored ids, because it may have stepped back, or this may be a new primary with
// a slower clock.
void raise_above_stored(Relation table) {
    PartitionDesc partitions = RelationGetPartitionDesc(table, true);
    for (int i = partitions->nparts - 1; i >= 0; i--)
        if (partitions->is_leaf[i] && raise_above(partitions->oids[i])) break;
}

// Raises the clock once for each table.
void seed(Relation table) {
    const Oid oid = RelationGetRelid(table);
    for (Oid& known : raised_above) {
        if (known == oid) return;
        if (OidIsValid(known)) continue;
        raise_above_stored(table);
        known = oid;
        return;
    }
    // The array is full because the tables have been created again many times.
    std::fill(std::begin(raised_above), std::end(raised_above), InvalidOid);
    seed(table);
}

}  // namespace

void request_id_clock() {
    shared_clock.request();
}

ids::Uuid next_id(Relation table, int64_t unix_micros) {
    seed(table);
    uint64_t random = 0;
    if (!pool.next(MyProcPid, fill_with_random, random))
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not get random bytes for an event id"));
    uint64_t tick = ids::advance(id_clock(), ids::tick_from_unix_micros(unix_micros));
    return ids::make_uuid7(tick, random);
}

}  // namespace eventlog::store
