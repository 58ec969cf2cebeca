#include "store/idempotency.h"

#include "pg/boundary.h"
#include "pg/clock.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/leaf.h"
#include "store/leaf_index.h"
#include "store/partitions.h"

namespace eventlog::store {
namespace {

enum KeyColumn : int { kKeyEventId, kKeyHash, kPayloadHash, kKeyColumns };

constexpr LogColumn kColumns[kKeyColumns] = {
    {"event_id", UUIDOID}, {"key_hash", BYTEAOID}, {"payload_hash", BYTEAOID}};

constexpr const char* kPartitionCommands[] = {
    "CREATE TABLE %s (LIKE eventlog.idempotency_keys INCLUDING ALL)",
    "CREATE INDEX ON %s (key_hash)",
    // An erasure deletes keys, for which a publication of all tables wants an identity.
    "ALTER TABLE %s REPLICA IDENTITY FULL",
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

LOCKTAG lock_tag(const event::IdempotencyKey& key) {
    uint64 number = 0;
    uint64 holder = 0;
    memcpy(&number, key.key.data(), sizeof(number));
    memcpy(&holder, key.holder.data(), sizeof(holder));
    // Calls of different holders do not wait for each other.
    number ^= holder;
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<uint32>(number), static_cast<uint32>(number >> 32),
                         kLockClass);
    return tag;
}

template <size_t size>
Datum digest_datum(const std::array<uint8_t, size>& digest) {
    return pg::text_datum({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

template <size_t size>
bool equals(Datum stored, const std::array<uint8_t, size>& digest) {
    std::string_view bytes = pg::text_view(stored);
    return bytes.size() == digest.size() && memcmp(bytes.data(), digest.data(), digest.size()) == 0;
}

int64_t window_millis(const event::IdempotencyKey& key) {
    return key.window_seconds * INT64_C(1000);
}

// The numbers that the columns have in a partition, which may be one that a user has made.
struct KeyAttributes {
    AttrNumber numbers[kKeyColumns];
};

KeyAttributes key_attributes_of(Relation leaf) {
    KeyAttributes attributes{};
    for (int column = 0; column < kKeyColumns; column++)
        attributes.numbers[column] = column_number(leaf, kColumns[column].name);
    return attributes;
}

// Keys are read and written without the executor, which a partitioned or a foreign table would need.
void require_plain(Relation leaf) {
    if (leaf->rd_rel->relkind != RELKIND_RELATION || leaf->rd_tableam != GetHeapamTableAmRoutine())
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                errmsg("partition \"%s\" cannot hold idempotency keys", RelationGetRelationName(leaf)),
                errdetail("A partition of eventlog.idempotency_keys must be an ordinary table."));
}

Relation open_key_index(Relation leaf) {
    Relation index = open_leaf_index(leaf, kColumns[kKeyHash].name, kColumns[kKeyHash].type);
    if (index == nullptr)
        pg::refuse<rules::Rule::key_index_missing>({}, rules::with<"found">(RelationGetRelationName(leaf)));
    return index;
}

// A transaction with one snapshot must not hear of what that does not see.
bool is_visible(Relation leaf, TupleTableSlot* slot) {
    if (!IsolationUsesXactSnapshot()) return true;
    bool null = false;
    Datum writer = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &null);
    return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(writer)) ||
           table_tuple_satisfies_snapshot(leaf, slot, GetTransactionSnapshot());
}

// A key, a partition to look into, and what was found.
struct Search {
    const event::IdempotencyKey& key;
    int64_t now;
    Relation leaf;
    KeyAttributes attributes;
    IndexScanDesc scan;
    SnapshotData* dirty;
    TupleTableSlot* slot;
    KeyClaim& claim;
};

Datum attribute(const Search& search, KeyColumn column) {
    bool null = false;
    return slot_getattr(search.slot, search.attributes.numbers[column], &null);
}

// Reads a row within the range that is searched. Returns false if the row is of another holder, or if its
// window is over.
bool read_row(Search& search) {
    const event::IdempotencyKey& key = search.key;
    const Datum hash = attribute(search, kKeyHash);
    if (!equals(hash, event::scoped_key(key)) && !equals(hash, key.key)) return false;
    KeyClaim& claim = search.claim;
    claim.first = pg::uuid_of(attribute(search, kKeyEventId));
    if (search.now - ids::unix_millis_of(claim.first) >= window_millis(key)) return false;
    const SnapshotData& dirty = *search.dirty;
    claim.owner = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
    if (TransactionIdIsValid(claim.owner)) {
        claim.outcome = Claim::pending;
        claim.leaf = RelationGetRelid(search.leaf);
        claim.row = search.slot->tts_tid;
        return true;
    }
    claim.outcome = is_visible(search.leaf, search.slot) ? Claim::repeated : Claim::unseen;
    claim.same_payload = equals(attribute(search, kPayloadHash), key.payload);
    return true;
}

enum class Sought : uint8_t { absent, found, unfinished };

// Looks for the key between two hashes, in `most` entries of the index.
Sought look_between(Search& search, Datum least, Datum greatest, int most) {
    ScanKeyData range[2];
    ScanKeyInit(&range[0], 1, BTGreaterEqualStrategyNumber, F_BYTEAGE, least);
    ScanKeyInit(&range[1], 1, BTLessEqualStrategyNumber, F_BYTEALE, greatest);
    index_rescan(search.scan, range, 2, nullptr, 0);
    for (int entries = 0; entries < most; entries++) {
        CHECK_FOR_INTERRUPTS();
        if (!search.scan->xs_heap_continue && index_getnext_tid(search.scan, ForwardScanDirection) == nullptr)
            return Sought::absent;
        if (index_fetch_heap(search.scan, search.slot) && read_row(search)) return Sought::found;
    }
    return Sought::unfinished;
}

// Looks for the key and for that of release 0.2.0, which has no holder and is good to the end of its window.
// Between the two there are only the keys of other holders. If these are many, they are passed over.
bool look_up(Search& search) {
    constexpr int kNearby = 8;
    const Datum scoped = digest_datum(event::scoped_key(search.key));
    const Datum bare = digest_datum(search.key.key);
    const Sought sought = look_between(search, bare, scoped, kNearby);
    if (sought != Sought::unfinished) return sought == Sought::found;
    return look_between(search, scoped, scoped, INT_MAX) == Sought::found ||
           look_between(search, bare, bare, INT_MAX) == Sought::found;
}

// Looks into one partition; false when nobody in it has the key now.
bool find_in_leaf(Oid leaf_oid, const event::IdempotencyKey& key, int64_t now, KeyClaim& claim) {
    // A lock for writing would keep the partition from being sealed as long as anybody looks up keys in it.
    Relation leaf = table_open(leaf_oid, AccessShareLock);
    require_plain(leaf);
    // Most empty partitions are those made ahead.
    if (RelationGetNumberOfBlocks(leaf) == 0) {
        table_close(leaf, NoLock);
        return false;
    }
    Relation index = open_key_index(leaf);
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    IndexScanDesc scan = begin_index_scan(leaf, index, &dirty, 2);
    TupleTableSlot* slot = table_slot_create(leaf, nullptr);
    Search search{key, now, leaf, key_attributes_of(leaf), scan, &dirty, slot, claim};
    const bool found = look_up(search);
    ExecDropSingleTupleTableSlot(slot);
    index_endscan(scan);
    index_close(index, AccessShareLock);
    table_close(leaf, NoLock);
    return found;
}

void store_key(Oid leaf_oid, const event::IdempotencyKey& key, const ids::Uuid& id) {
    Relation relation = table_open(leaf_oid, RowExclusiveLock);
    require_plain(relation);
    Leaf* leaf = open_leaf(relation, catalog().owner);
    const KeyAttributes attributes = key_attributes_of(relation);
    // Columns that a user has added stay NULL.
    const int columns = RelationGetDescr(leaf->relation)->natts;
    auto* values = static_cast<Datum*>(palloc0(sizeof(Datum) * columns));
    auto* nulls = static_cast<bool*>(palloc(columns));
    std::fill_n(nulls, columns, true);
    auto set = [values, nulls, &attributes](KeyColumn column, Datum value) {
        values[attributes.numbers[column] - 1] = value;
        nulls[attributes.numbers[column] - 1] = false;
    };
    set(kKeyEventId, pg::uuid_datum(id));
    set(kKeyHash, digest_datum(event::scoped_key(key)));
    set(kPayloadHash, digest_datum(key.payload));
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

KeyClaim claim_key(Insertion& insertion, const event::IdempotencyKey& key, const ids::Uuid& id) {
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
    if (!enter(own_leaf)) {
        const bool over = is_over(ledger, id, pg::unix_millis_now());
        table_close(ledger, NoLock);
        if (!over) make_room(insertion, ids::unix_millis_of(id));
        claim.outcome = Claim::late;
        return claim;
    }
    LOCKTAG tag = lock_tag(key);
    LockAcquire(&tag, ExclusiveLock, false, false);
    int64_t now = pg::unix_millis_now();
    ids::Uuid window_start = ids::first_uuid_of(std::max<int64_t>(now - window_millis(key), 0));
    bool found = false;
    for (Oid leaf : leaves_from(ledger, window_start)) {
        found = find_in_leaf(leaf, key, now, claim);
        if (found) break;
    }
    if (!found) {
        claim.outcome = Claim::taken;
        store_key(own_leaf, key, id);
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
