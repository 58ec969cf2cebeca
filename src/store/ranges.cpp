#include "store/ranges.h"

#include <sys/stat.h>

#include "pg/datum.h"

namespace eventlog::store {
namespace {

struct Range {
    Oid leaf;
    ids::Uuid from;
    std::optional<ids::Uuid> to;  // none if nothing ends the range
};

// The ranges of one partitioned table, in their order.
struct KnownRanges {
    Oid table = InvalidOid;  // InvalidOid if they have to be read again
    Oid default_leaf = InvalidOid;
    Range* ranges = nullptr;
    size_t count = 0;
    MemoryContext memory = nullptr;
};

KnownRanges known;
uint64_t changes = 0;

void on_relation_change(Datum, Oid relation) {
    if (relation != InvalidOid && relation != known.table) return;
    known.table = InvalidOid;
    changes++;
}

PartitionBoundSpec* read_bound(Oid leaf) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(leaf));
    if (!HeapTupleIsValid(tuple)) return nullptr;
    bool null = false;
    Datum stored = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &null);
    auto* bound =
        null ? nullptr : static_cast<PartitionBoundSpec*>(stringToNode(TextDatumGetCString(stored)));
    ReleaseSysCache(tuple);
    return bound;
}

// Returns the bound of a partition in the catalog, or null if it is no longer one.
PartitionBoundSpec* bound_of(Oid leaf) {
    PartitionBoundSpec* bound = read_bound(leaf);
    if (bound != nullptr) return bound;
    // The cached row may be older than the attachment, because nothing has locked the partition.
    AcceptInvalidationMessages();
    return read_bound(leaf);
}

std::optional<ids::Uuid> value_of(const List* bound) {
    const auto* datum = linitial_node(PartitionRangeDatum, bound);
    if (datum->kind != PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    return pg::uuid_of(castNode(Const, datum->value)->constvalue);
}

void add(Oid leaf, KnownRanges& fresh) {
    PartitionBoundSpec* bound = bound_of(leaf);
    if (bound == nullptr) return;
    if (bound->is_default) {
        fresh.default_leaf = leaf;
        return;
    }
    new (&fresh.ranges[fresh.count++])
        Range{leaf, value_of(bound->lowerdatums).value_or(ids::Uuid{}), value_of(bound->upperdatums)};
}

void read(Oid table) {
    known.table = InvalidOid;
    const uint64_t changes_before = changes;
    bool detaching = false;
    TransactionId detached_by = InvalidTransactionId;
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "eventlog partition bounds", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(scratch);
    List* leaves = find_inheritance_children_extended(table, true, NoLock, &detaching, &detached_by);
    KnownRanges fresh;
    fresh.memory = AllocSetContextCreate(caller, "eventlog partitions", ALLOCSET_SMALL_SIZES);
    fresh.ranges = static_cast<Range*>(
        MemoryContextAlloc(fresh.memory, sizeof(Range) * (static_cast<size_t>(list_length(leaves)) + 1)));
    ListCell* cell = nullptr;
    foreach (cell, leaves) add(lfirst_oid(cell), fresh);
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(scratch);
    std::sort(fresh.ranges, fresh.ranges + fresh.count,
              [](const Range& a, const Range& b) { return a.from < b.from; });
    MemoryContextSetParent(fresh.memory, CacheMemoryContext);
    if (known.memory != nullptr) MemoryContextDelete(known.memory);
    known = fresh;
    // A partition that is being detached belongs to the table or not, depending on the snapshot.
    if (!detaching && changes == changes_before) known.table = table;
}

}  // namespace

void open_ranges(Relation table) {
    // Whoever attaches a partition waits for no reader, and a reader that has its lock hears of nothing.
    AcceptInvalidationMessages();
    if (known.table != RelationGetRelid(table)) read(RelationGetRelid(table));
}

PartitionRange partition_at_or_below(const ids::Uuid& id) {
    const Range* above =
        std::upper_bound(known.ranges, known.ranges + known.count, id,
                         [](const ids::Uuid& value, const Range& range) { return value < range.from; });
    const auto gap_end =
        above == known.ranges + known.count ? std::nullopt : std::optional<ids::Uuid>(above->from);
    if (above == known.ranges) return {known.default_leaf, ids::Uuid{}, gap_end};
    const Range& range = *(above - 1);
    const bool in_gap = range.to && *range.to <= id;
    if (in_gap && OidIsValid(known.default_leaf)) return {known.default_leaf, *range.to, gap_end};
    return {range.leaf, range.from, range.to};
}

bool has_empty_file(Oid leaf) {
    // Nobody may give the table another file, or drop it, while its file is looked at.
    LockRelationOid(leaf, AccessShareLock);
    bool empty = false;
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(leaf));
    if (HeapTupleIsValid(tuple)) {
        auto* table = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
        struct stat file {};
        if (table->relkind == RELKIND_RELATION && table->relam == HEAP_TABLE_AM_OID) {
            char* path = file_path_of(table);
            empty = stat(path, &file) == 0 && file.st_size == 0;
            pfree(path);
        }
        ReleaseSysCache(tuple);
    }
    UnlockRelationOid(leaf, AccessShareLock);
    return empty;
}

void watch_ranges() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
}

}  // namespace eventlog::store
