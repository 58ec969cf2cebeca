// Writing rows of a log table.
//
//     Insertion insertion = begin_insertion(log, unix_millis);
//     for (...) insert_row(insertion, partition_for(insertion, id), values, nulls);
//     end_insertion(insertion);
//
// Two ways to the same row: straight into the leaf partition while nothing about the tables needs the
// executor, and an INSERT through it otherwise (triggers, rules, forced row security, added columns, another
// table access method). All of it may ereport: call inside pg::call. Nothing needs cleaning up after an
// error; the transaction does that.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "store/catalog.h"

namespace eventlog::store {

struct Leaf;

struct Insertion {
    const LogTable* log;
    Catalog catalog;
    Relation table;
    FullTransactionId xid;  // as stored: the top-level transaction, shifted by the offset
    Leaf* leaf;             // the leaf open for direct insertion, or null
    MemoryContext memory;   // lives as long as the insertion
};

// Readies the log for rows written about now: adopts the cluster if nobody has.
Insertion begin_insertion(const LogTable& log, int64_t unix_millis);

// The partition for a row of that id, which is made where there is none.
Oid partition_for(Insertion& insertion, const ids::Uuid& id);

// Writes a row into that partition: all columns of the log in their order.
void insert_row(Insertion& insertion, Oid partition, Datum* values, const bool* nulls);

// Makes the partitions that `unix_millis` wants. No other reference to the tables may be held over it.
void make_room(Insertion& insertion, int64_t unix_millis);

void end_insertion(Insertion& insertion);

}  // namespace eventlog::store
