#include "store/leaf.h"

namespace eventlog::store {

Leaf* open_leaf(Relation relation) {
    auto* leaf = static_cast<Leaf*>(palloc0(sizeof(Leaf)));
    leaf->relation = relation;
    leaf->executor = CreateExecutorState();
    leaf->result = makeNode(ResultRelInfo);
    InitResultRelInfo(leaf->result, relation, 0, nullptr, 0);
    ExecOpenIndices(leaf->result, false);
    leaf->slot = table_slot_create(relation, nullptr);
    return leaf;
}

void insert_into_leaf(Leaf* leaf, const Datum* values, const bool* nulls) {
    TupleTableSlot* slot = leaf->slot;
    TupleDesc columns = RelationGetDescr(leaf->relation);
    ExecClearTuple(slot);
    memcpy(slot->tts_values, values, sizeof(Datum) * columns->natts);
    memcpy(slot->tts_isnull, nulls, sizeof(bool) * columns->natts);
    ExecStoreVirtualTuple(slot);
    slot->tts_tableOid = RelationGetRelid(leaf->relation);
    if (columns->constr != nullptr) ExecConstraints(leaf->result, slot, leaf->executor);
    table_tuple_insert(leaf->relation, slot, GetCurrentCommandId(true), 0, nullptr);
    if (leaf->result->ri_NumIndices > 0) insert_index_tuples(leaf->result, slot, leaf->executor);
    ResetPerTupleExprContext(leaf->executor);
}

void close_leaf(Leaf* leaf) {
    ExecDropSingleTupleTableSlot(leaf->slot);
    ExecCloseIndices(leaf->result);
    FreeExecutorState(leaf->executor);
    table_close(leaf->relation, NoLock);
    pfree(leaf);
}

}  // namespace eventlog::store
