// A partition whose indexes are open for direct insertion, prepared as ModifyTable does it. It is for tables
// about which nothing needs the executor. The functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

struct Leaf {
    Relation relation;
    EState* executor;
    ResultRelInfo* result;
    TupleTableSlot* slot;
    Oid role;  // in whose name constraints and indexes are evaluated; InvalidOid if that makes no difference
};

// Prepares an open relation, which is locked for writing, for rows that are written in the name of `owner`.
// Raises 42501 if functions of somebody else would run. The leaf is allocated in the current memory context.
Leaf* open_leaf(Relation relation, Oid owner);

// Writes a row of all columns and its index entries, after checking the constraints.
void insert_into_leaf(Leaf* leaf, const Datum* values, const bool* nulls);

// Closes the leaf and its relation. The lock on the relation stays.
void close_leaf(Leaf* leaf);

}  // namespace eventlog::store
