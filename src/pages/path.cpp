#include "pages/path.h"

#include "pg/datum.h"

namespace eventlog::pages {
namespace {

struct Candidate {
    Relation index;
    const Attributes& attributes;
    List* expressions;
};

Oid type_of(int filter) {
    return logs::kEventColumnDefinitions[kFilterColumns[filter]].type;
}

// Returns whether the index key has the default order of the type, which another operator class may not have.
bool has_default_order(Relation index, int key, Oid type) {
    return index->rd_opfamily[key] == lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf &&
           index->rd_opcintype[key] == type;
}

bool is_column(const Node* node, AttrNumber number) {
    return IsA(node, Var) && reinterpret_cast<const Var*>(node)->varattno == number;
}

// Returns whether the expression is coalesce(event_type, event_name).
bool is_shown_type(const Node* node, const Attributes& attributes) {
    if (!IsA(node, CoalesceExpr)) return false;
    List* parts = reinterpret_cast<const CoalesceExpr*>(node)->args;
    return list_length(parts) == 2 &&
           is_column(static_cast<Node*>(linitial(parts)), attributes.numbers[logs::kEventType]) &&
           is_column(static_cast<Node*>(lsecond(parts)), attributes.numbers[logs::kEventName]);
}

// Returns the filter that an index key serves, or -1. If the key is an expression, it is the first of the
// remaining expressions.
int filter_of_key(const Candidate& candidate, int key) {
    AttrNumber number = candidate.index->rd_index->indkey.values[key];
    for (int i = 0; i < kFilters; i++) {
        bool same = i == kEventTypeFilter
                        ? number == 0 && is_shown_type(static_cast<Node*>(linitial(candidate.expressions)),
                                                       candidate.attributes)
                        : number == candidate.attributes.numbers[kFilterColumns[i]];
        if (same) return i;
    }
    return -1;
}

// Returns whether the index has all rows with these columns fixed: it either has no predicate, or leaves out
// only rows in which one of these columns is NULL.
bool is_complete(const Candidate& candidate, const Path& path) {
    ListCell* cell = nullptr;
    foreach (cell, RelationGetIndexPredicate(candidate.index)) {
        auto* test = static_cast<NullTest*>(lfirst(cell));
        if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL) return false;
        bool fixed = std::any_of(path.filters, path.filters + path.fixed, [&](int filter) {
            return filter != kEventTypeFilter &&
                   is_column(reinterpret_cast<Node*>(test->arg),
                             candidate.attributes.numbers[kFilterColumns[filter]]);
        });
        if (!fixed) return false;
    }
    return true;
}

// Returns whether the planner would use the index: it must be valid, and usable under this transaction's
// snapshots.
bool is_usable(Relation index) {
    Form_pg_index form = index->rd_index;
    if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid) return false;
    return !form->indcheckxmin ||
           TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
}

// Stores the index as a path. Returns whether it can serve as one.
bool read_path(Relation index, const Attributes& attributes, const Filters& filters, Path& path) {
    if (!is_usable(index)) return false;
    Candidate candidate{index, attributes, RelationGetIndexExpressions(index)};
    path.index = index;
    for (int key = 0; key < IndexRelationGetNumberOfKeyAttributes(index); key++) {
        if (index->rd_index->indkey.values[key] == attributes.numbers[logs::kEventId])
            return has_default_order(index, key, UUIDOID) && is_complete(candidate, path);
        int filter = filter_of_key(candidate, key);
        if (filter < 0 || !filters.columns[filter].given || !has_default_order(index, key, type_of(filter)))
            return false;
        if (filter == kEventTypeFilter) candidate.expressions = list_delete_first(candidate.expressions);
        path.filters[path.fixed++] = filter;
    }
    return false;
}

bool is_better(const Path& path, const Path& than) {
    if (than.index == nullptr) return true;
    if (path.fixed != than.fixed) return path.fixed > than.fixed;
    return path.fixed > 0 && path.filters[0] < than.filters[0];
}

void set_key(ScanKeyData& key, Relation index, int column, Oid type, StrategyNumber strategy, Datum value) {
    Oid comparison = get_opfamily_member(index->rd_opfamily[column], type, type, strategy);
    ScanKeyEntryInitialize(&key, 0, static_cast<AttrNumber>(column + 1), strategy, InvalidOid,
                           index->rd_indcollation[column], get_opcode(comparison), value);
}

bool next_in(const PathScan& scan, ScanDirection direction, ids::Uuid& id) {
    if (index_getnext_tid(scan.scan, direction) == nullptr) return false;
    bool null = false;
    id = pg::uuid_of(index_getattr(scan.scan->xs_itup, scan.id_column, scan.scan->xs_itupdesc, &null));
    return true;
}

}  // namespace

Path open_path(Relation leaf, const Attributes& attributes, const Filters& filters) {
    Path best;
    List* indexes = RelationGetIndexList(leaf);
    ListCell* cell = nullptr;
    foreach (cell, indexes) {
        Path path;
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        bool better = read_path(index, attributes, filters, path) && is_better(path, best);
        if (better) std::swap(best, path);
        Relation other = better ? path.index : index;
        if (other != nullptr) index_close(other, AccessShareLock);
    }
    list_free(indexes);
    return best;
}

void close_path(const Path& path) {
    index_close(path.index, AccessShareLock);
}

PathScan begin_path_scan(Relation leaf, const Path& path, const Filters& filters, const ids::Uuid& from,
                         const ids::Uuid& to) {
    ScanKeyData keys[INDEX_MAX_KEYS + 1];
    for (int i = 0; i < path.fixed; i++)
        set_key(keys[i], path.index, i, type_of(path.filters[i]), BTEqualStrategyNumber,
                filters.columns[path.filters[i]].value);
    set_key(keys[path.fixed], path.index, path.fixed, UUIDOID, BTGreaterEqualStrategyNumber,
            pg::uuid_datum(from));
    set_key(keys[path.fixed + 1], path.index, path.fixed, UUIDOID, BTLessEqualStrategyNumber,
            pg::uuid_datum(to));
    bool descending = (path.index->rd_indoption[path.fixed] & INDOPTION_DESC) != 0;
    PathScan scan{begin_index_scan(leaf, path.index, GetActiveSnapshot(), path.fixed + 2),
                  descending ? ForwardScanDirection : BackwardScanDirection,
                  static_cast<AttrNumber>(path.fixed + 1)};
    // The id is read from the index entry, because its row may be gone.
    scan.scan->xs_want_itup = true;
    index_rescan(scan.scan, keys, path.fixed + 2, nullptr, 0);
    return scan;
}

bool next_entry(const PathScan& scan, ids::Uuid& id) {
    return next_in(scan, scan.direction, id);
}

bool next_older_first(const PathScan& scan, ids::Uuid& id) {
    return next_in(scan,
                   ScanDirectionIsForward(scan.direction) ? BackwardScanDirection : ForwardScanDirection, id);
}

void end_path_scan(const PathScan& scan) {
    index_endscan(scan.scan);
}

}  // namespace eventlog::pages
