#include "store/id_source.h"

#include "pg/datum.h"
#include "store/leaf_index.h"
#include "runtime/shared_memory.h"

namespace eventlog::store {
namespace {

// Ids continue above those that are ahead of the clock by no more than this.
constexpr int64_t kFurthestAheadMillis = 3600 * INT64_C(1000);

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

// Raises the clock to the greatest id below `limit` in a leaf, including dead and uncommitted rows. Returns
// false if there is none.
bool raise_above(Oid leaf, const char* id_column, const ids::Uuid& limit) {
    ScanKeyData below;
    ScanKeyInit(&below, 1, BTLessStrategyNumber, F_UUID_LT, pg::uuid_datum(limit));
    Datum id = 0;
    if (!greatest_in_leaf(leaf, id_column, UUIDOID, &below, id)) return false;
    ids::raise_to(id_clock(), ids::tick_of(pg::uuid_of(id)));
    return true;
}

// Raises the clock above the stored ids, because it may have stepped back, or this may be a new primary with
// a slower clock. Ids that are further ahead than kFurthestAhead are of a clock that was wrong.
void raise_above_stored(const LogTable& log, Relation table, int64_t unix_micros) {
    const ids::Uuid limit = ids::first_uuid_of(unix_micros / 1000 + kFurthestAheadMillis);
    const Oid other = get_default_partition_oid(RelationGetRelid(table));
    const std::span<const Oid> partitions = partition_oids(table);
    for (size_t i = partitions.size(); i > 0; i--) {
        CHECK_FOR_INTERRUPTS();
        const bool found = raise_above(partitions[i - 1], log.id_column(), limit);
        // A default partition may hold ids of any time.
        if (found && partitions[i - 1] != other) break;
    }
}

// Raises the clock once for each table.
void seed(const LogTable& log, Relation table, int64_t unix_micros) {
    const Oid oid = RelationGetRelid(table);
    for (Oid& known : raised_above) {
        if (known == oid) return;
        if (OidIsValid(known)) continue;
        raise_above_stored(log, table, unix_micros);
        known = oid;
        return;
    }
    // The array is full because the tables have been created again many times.
    std::fill(std::begin(raised_above), std::end(raised_above), InvalidOid);
    seed(log, table, unix_micros);
}

}  // namespace

void request_id_clock() {
    shared_clock.request();
}

ids::Uuid next_id(const LogTable& log, Relation table, int64_t unix_micros) {
    seed(log, table, unix_micros);
    uint64_t random = 0;
    if (!pool.next(MyProcPid, fill_with_random, random))
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not get random bytes for an event id"));
    uint64_t tick = ids::advance(id_clock(), ids::tick_from_unix_micros(unix_micros),
                                 ids::ticks_of_millis(kFurthestAheadMillis));
    return ids::make_uuid7(tick, random);
}

}  // namespace eventlog::store
