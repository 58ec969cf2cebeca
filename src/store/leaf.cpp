#include "store/leaf.h"

#include "pg/owner_sql.h"
#include "store/attached_code.h"

namespace eventlog::store {

Leaf* open_leaf(Relation relation, Oid owner) {
    auto* leaf = static_cast<Leaf*>(palloc0(sizeof(Leaf)));
    leaf->relation = relation;
    leaf->role = require_own_code(relation, owner) ? owner : InvalidOid;
    pg::OwnerRole saved{};
    if (OidIsValid(leaf->role)) saved = pg::begin_owner_role(leaf->role);
    leaf->executor = CreateExecutorState();
    leaf->result = makeNode(ResultRelInfo);
    InitResultRelInfo(leaf->result, relation, 0, nullptr, 0);
    ExecOpenIndices(leaf->result, false);
    leaf->slot = table_slot_create(relation, nullptr);
    if (OidIsValid(leaf->role)) pg::end_owner_role(saved);
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
    pg::OwnerRole saved{};
    if (OidIsValid(leaf->role)) saved = pg::begin_owner_role(leaf->role);
    if (columns->constr != nullptr) ExecConstraints(leaf->result, slot, leaf->executor);
    table_tuple_insert(leaf->relation, slot, GetCurrentCommandId(true), 0, nullptr);
    if (leaf->result->ri_NumIndices > 0) insert_index_tuples(leaf->result, slot, leaf->executor);
    if (OidIsValid(leaf->role)) pg::end_owner_role(saved);
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
