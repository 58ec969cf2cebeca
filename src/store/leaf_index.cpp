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

std::span<const Oid> partition_oids(Relation table) {
    PartitionDesc partitions = RelationGetPartitionDesc(table, true);
    const auto count = static_cast<size_t>(partitions->nparts);
    auto* oids = static_cast<Oid*>(palloc(sizeof(Oid) * (count + 1)));
    std::copy_n(partitions->oids, count, oids);
    return {oids, count};
}

bool greatest_in_leaf(Oid leaf_oid, const char* column, Oid type, ScanKey below, Datum& value) {
    Relation leaf = table_open(leaf_oid, AccessShareLock);
    Relation index =
        leaf->rd_rel->relkind == RELKIND_RELATION ? open_leaf_index(leaf, column, type) : nullptr;
    bool found = false;
    if (index != nullptr) {
        const int conditions = below != nullptr ? 1 : 0;
        IndexScanDesc scan = begin_index_scan(leaf, index, SnapshotAny, conditions);
        index_rescan(scan, below, conditions, nullptr, 0);
        TupleTableSlot* slot = table_slot_create(leaf, nullptr);
        if (index_getnext_slot(scan, BackwardScanDirection, slot)) {
            const AttrNumber number = column_number(leaf, column);
            Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(leaf), number - 1);
            bool null = false;
            const Datum stored = slot_getattr(slot, number, &null);
            if (!null) value = datumCopy(stored, attribute->attbyval, attribute->attlen);
            found = !null;
        }
        ExecDropSingleTupleTableSlot(slot);
        index_endscan(scan);
        index_close(index, AccessShareLock);
    }
    table_close(leaf, AccessShareLock);
    return found;
}

}  // namespace eventlog::store
