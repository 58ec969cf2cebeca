#include "store/idempotency.h"

#include "pg/clock.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/leaf.h"
#include "store/partitions.h"

namespace eventlog::store {
namespace {

enum KeyColumn : int { kKeyEventId, kKeyHash, kPayloadHash, kKeyColumns };

constexpr LogColumn kColumns[kKeyColumns] = {
    {"event_id", UUIDOID}, {"key_hash", BYTEAOID}, {"payload_hash", BYTEAOID}};

constexpr const char* kPartitionCommands[] = {
    "CREATE TABLE %s (LIKE eventlog.idempotency_keys INCLUDING ALL)",
    "CREATE INDEX ON %s (key_hash)",
};

// A key is looked up in every partition that its window reaches. With partitions as wide as the window, these
// are two or three.
int64_t partition_millis() {
    constexpr int64_t kSecondsPerHour = 3600;
    constexpr int64_t kMillisPerHour = kSecondsPerHour * 1000;
    return (settings::idempotency_window + kSecondsPerHour - 1) / kSecondsPerHour * kMillisPerHour;
}

// Distinguishes these locks from users' advisory locks, whose class is 1 or 2.
constexpr uint16 kLockClass = 0xE7;

LOCKTAG lock_tag(const event::Digest& key) {
    uint32 halves[2];
    memcpy(halves, key.data(), sizeof(halves));
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, halves[0], halves[1], kLockClass);
    return tag;
}

Datum digest_datum(const event::Digest& digest) {
    return pg::text_datum({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool equals(Datum stored, const event::Digest& digest) {
    std::string_view bytes = pg::text_view(stored);
    return bytes.size() == digest.size() && memcmp(bytes.data(), digest.data(), digest.size()) == 0;
}

int64_t window_millis(const KeyPrint& print) {
    return print.window_seconds * INT64_C(1000);
}

Relation open_key_index(Relation leaf) {
    List* indexes = RelationGetIndexList(leaf);
    ListCell* cell;
    foreach (cell, indexes) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        if (index->rd_index->indisvalid && index->rd_index->indkey.values[0] == kKeyHash + 1) return index;
        index_close(index, AccessShareLock);
    }
    ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("partition \"%s\" has no index on key_hash", RelationGetRelationName(leaf)),
            errhint("Create one: CREATE INDEX ON eventlog.%s (key_hash).", RelationGetRelationName(leaf)));
}

// Raises 40001 if the transaction keeps one snapshot that does not see the row, because its result must not
// depend on such a row.
void check_visible(Relation leaf, TupleTableSlot* slot) {
    if (!IsolationUsesXactSnapshot()) return;
    bool null = false;
    Datum writer = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &null);
    if (TransactionIdIsCurrentTransactionId(DatumGetTransactionId(writer)) ||
        table_tuple_satisfies_snapshot(leaf, slot, GetTransactionSnapshot()))
        return;
    ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
            errmsg("could not serialize access due to a concurrent event with the same idempotency_key"),
            errhint("Try the transaction again."),
            err_generic_string(PG_DIAG_COLUMN_NAME, "idempotency_key"));
}

// Looks up the key in one partition and stores in `claim` who has it. Returns false if no event in the
// partition has the key now.
bool find_in_leaf(Oid leaf_oid, const KeyPrint& print, int64_t now, KeyClaim& claim) {
    Relation leaf = table_open(leaf_oid, RowExclusiveLock);
    // Most empty partitions are those made ahead.
    if (RelationGetNumberOfBlocks(leaf) == 0) {
        table_close(leaf, NoLock);
        return false;
    }
    Relation index = open_key_index(leaf);
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_BYTEAEQ, digest_datum(print.key));
    IndexScanDesc scan = begin_index_scan(leaf, index, &dirty, 1);
    index_rescan(scan, &key, 1, nullptr, 0);
    TupleTableSlot* slot = table_slot_create(leaf, nullptr);
    bool found = false;
    while (!found && index_getnext_slot(scan, ForwardScanDirection, slot)) {
        bool null = false;
        ids::Uuid id = pg::uuid_of(slot_getattr(slot, kKeyEventId + 1, &null));
        if (now - ids::unix_millis_of(id) >= window_millis(print)) continue;
        found = true;
        claim.first = id;
        claim.owner = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
        if (TransactionIdIsValid(claim.owner)) {
            claim.outcome = Claim::pending;
            claim.leaf = leaf_oid;
            claim.row = slot->tts_tid;
            continue;
        }
        check_visible(leaf, slot);
        claim.outcome = Claim::repeated;
        claim.same_payload = equals(slot_getattr(slot, kPayloadHash + 1, &null), print.payload);
    }
    ExecDropSingleTupleTableSlot(slot);
    index_endscan(scan);
    index_close(index, AccessShareLock);
    table_close(leaf, NoLock);
    return found;
}

void store_key(Oid leaf_oid, const KeyPrint& print, const ids::Uuid& id) {
    Leaf* leaf = open_leaf(table_open(leaf_oid, RowExclusiveLock));
    // Columns that a user has added stay NULL.
    const int columns = RelationGetDescr(leaf->relation)->natts;
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * columns));
    auto* nulls = static_cast<bool*>(palloc(columns));
    std::fill_n(nulls, columns, true);
    auto set = [values, nulls](KeyColumn column, Datum value) {
        values[column] = value;
        nulls[column] = false;
    };
    set(kKeyEventId, pg::uuid_datum(id));
    set(kKeyHash, digest_datum(print.key));
    set(kPayloadHash, digest_datum(print.payload));
    insert_into_leaf(leaf, values, nulls);
    close_leaf(leaf);
}

Relation open_ledger(const Insertion& insertion) {
    return table_open(insertion.catalog.table_of(kIdempotencyKeys), RowExclusiveLock);
}

}  // namespace

constinit const LogTable kIdempotencyKeys{
    .name = "idempotency_keys",
    .columns = kColumns,
    .xid_column = nullptr,
    .partition_commands = kPartitionCommands,
    .partition_millis = partition_millis,
    .key_columns = nullptr,
    .erasure = {},
};

KeyClaim claim_key(Insertion& insertion, const KeyPrint& print, const ids::Uuid& id) {
    Relation ledger = open_ledger(insertion);
    Oid own_leaf = leaf_of(kIdempotencyKeys, ledger, id);
    if (!OidIsValid(own_leaf)) {
        // The partition is made before the lock is taken, so that calls with the same key need not wait for
        // it.
        table_close(ledger, NoLock);
        make_room(insertion, ids::unix_millis_of(id));
        ledger = open_ledger(insertion);
        own_leaf = leaf_of(kIdempotencyKeys, ledger, id);
    }
    KeyClaim claim{};
    LOCKTAG tag = lock_tag(print.key);
    LockAcquire(&tag, ExclusiveLock, false, false);
    int64_t now = pg::unix_millis_now();
    ids::Uuid window_start = ids::first_uuid_of(std::max<int64_t>(now - window_millis(print), 0));
    bool found = false;
    for (Oid leaf : leaves_from(ledger, window_start)) {
        found = find_in_leaf(leaf, print, now, claim);
        if (found) break;
    }
    if (!found) {
        claim.outcome = Claim::taken;
        store_key(own_leaf, print, id);
    }
    LockRelease(&tag, ExclusiveLock, false);
    table_close(ledger, NoLock);
    return claim;
}

void wait_for_owner(const KeyClaim& claim) {
    Relation leaf = table_open(claim.leaf, AccessShareLock);
    ItemPointerData row = claim.row;
    XactLockTableWait(claim.owner, leaf, &row, XLTW_InsertIndex);
    table_close(leaf, NoLock);
}

}  // namespace eventlog::store
