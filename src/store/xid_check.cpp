#include "store/xid_check.h"

#include "runtime/worker_slots.h"
#include "store/leaf_index.h"

namespace eventlog::store {
namespace {

// A transaction's number is assigned when it first writes, its ids when it logs. So the greatest number is in
// one of the newest partitions, though not always in the newest.
constexpr int kNewestPartitions = 3;

bool compared_here = false;

std::atomic<bool>* shared_mark() {
    runtime::WorkerSlot* slot = runtime::worker_slots ? runtime::worker_slots->find(MyDatabaseId) : nullptr;
    return slot != nullptr ? &slot->numbers_compared : nullptr;
}

bool is_compared() {
    const std::atomic<bool>* mark = shared_mark();
    return compared_here || (mark != nullptr && mark->load());
}

// A transaction that has written, an adoption for example, may be rolled back, and its findings with it.
void note_comparison() {
    if (FullTransactionIdIsValid(GetTopFullTransactionIdIfAny())) return;
    compared_here = true;
    if (std::atomic<bool>* mark = shared_mark()) mark->store(true);
}

// Returns the greatest number in the newest partitions of a log that hold any rows, or 0.
uint64_t greatest_in_log(const LogTable& log, Oid table_oid) {
    Relation table = table_open(table_oid, AccessShareLock);
    const std::span<const Oid> partitions = partition_oids(table);
    uint64_t greatest = 0;
    int seen = 0;
    for (size_t i = partitions.size(); i > 0 && seen < kNewestPartitions; i--) {
        CHECK_FOR_INTERRUPTS();
        Datum xid = 0;
        if (!greatest_in_leaf(partitions[i - 1], log.xid_column, XID8OID, nullptr, xid)) continue;
        greatest = std::max(greatest, U64FromFullTransactionId(DatumGetFullTransactionId(xid)));
        seen++;
    }
    table_close(table, AccessShareLock);
    return greatest;
}

// Returns the greatest end of the readers' cursors, or 0. Everything below it has been read, or never will
// be.
uint64_t greatest_of_cursors() {
    const Oid windows = get_relname_relid("reader_window", get_namespace_oid("eventlog", false));
    if (!OidIsValid(windows)) return 0;
    Relation relation = table_open(windows, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    uint64_t greatest = 0;
    while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
        for (const char* column : {"from_snapshot", "to_snapshot"}) {
            bool null = false;
            const Datum cursor = slot_getattr(slot, column_number(relation, column), &null);
            if (null) continue;
            const Datum end = DirectFunctionCall1(pg_snapshot_xmax, cursor);
            greatest = std::max(greatest, U64FromFullTransactionId(DatumGetFullTransactionId(end)));
        }
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(relation, AccessShareLock);
    return greatest;
}

}  // namespace

bool numbers_go_on(const Catalog& known) {
    if (is_compared() || RecoveryInProgress()) return true;
    // The next number is read last, because others go on meanwhile.
    uint64_t least = greatest_of_cursors();
    for (const LogTable* log : log_tables())
        if (log->xid_column != nullptr && known.has(*log))
            least = std::max(least, greatest_in_log(*log, known.table_of(*log)) + 1);
    if (U64FromFullTransactionId(ReadNextFullTransactionId()) + known.xid_offset < least) return false;
    note_comparison();
    return true;
}

}  // namespace eventlog::store
