#include "store/leaf_index.h"

namespace eventlog::store {
namespace {

bool is_in_order(Relation index, AttrNumber column, Oid type) {
    Form_pg_index form = index->rd_index;
    return index->rd_rel->relam == BTREE_AM_OID && form->indisvalid && form->indkey.values[0] == column &&
           (index->rd_indoption[0] & INDOPTION_DESC) == 0 && index->rd_opcintype[0] == type &&
           index->rd_opfamily[0] == lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf &&
           // A call of RelationGetIndexPredicate would run functions of the predicate.
           heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr);
}

}  // namespace

AttrNumber column_number(Relation leaf, const char* column) {
    const AttrNumber number = get_attnum(RelationGetRelid(leaf), column);
    if (number == InvalidAttrNumber)
        elog(ERROR, "partition \"%s\" has no column \"%s\"", RelationGetRelationName(leaf), column);
    return number;
}

Relation open_leaf_index(Relation leaf, const char* column, Oid type) {
    const AttrNumber number = column_number(leaf, column);
    List* indexes = RelationGetIndexList(leaf);
    ListCell* cell = nullptr;
    foreach (cell, indexes) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        if (is_in_order(index, number, type)) return index;
        index_close(index, AccessShareLock);
    }
    return nullptr;
}

}  // namespace eventlog::store
