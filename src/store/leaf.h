// A partition with its indexes open for direct insertion, as ModifyTable would have it. For tables about
// which nothing needs the executor. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

struct Leaf {
    Relation relation;
    EState* executor;
    ResultRelInfo* result;
    TupleTableSlot* slot;
};

// Readies an open relation, locked for writing; in the current memory context.
Leaf* open_leaf(Relation relation);

// Writes a row of all columns and its index entries; constraints are checked.
void insert_into_leaf(Leaf* leaf, const Datum* values, const bool* nulls);

// Closes the relation, too; its lock stays.
void close_leaf(Leaf* leaf);

}  // namespace eventlog::store
