// Writing rows of eventlog.events.
//
//     Insertion insertion = begin_insertion(catalog());
//     for (...) insert_row(insertion, row, metadata);
//     end_insertion(insertion);
//
// Two ways to the same row: straight into the leaf partition while nothing about the tables needs the
// executor, and an INSERT through it otherwise (triggers, rules, forced row security, added columns, another
// table access method). All of it may ereport: call inside pg::call. Nothing needs cleaning up after an
// error; the transaction does that.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "store/catalog.h"

namespace eventlog::store {

struct Leaf;

struct Insertion {
    Catalog catalog;
    Relation events;
    FullTransactionId xid;  // as stored: the top-level transaction, shifted by the offset
    Leaf* leaf;             // the leaf open for direct insertion, or null
    MemoryContext memory;   // lives as long as the insertion
};

// Readies the log for rows written about now: adopts the cluster if nobody has.
Insertion begin_insertion(int64_t unix_millis);

// Writes one row, making its partition when there is none. `metadata` is the datum that row.metadata views.
void insert_row(Insertion& insertion, const event::StoredRow& row, Jsonb* metadata);

// Makes the partitions that `unix_millis` wants. No other reference to the tables may be held over it.
void make_room(Insertion& insertion, int64_t unix_millis);

void end_insertion(Insertion& insertion);

}  // namespace eventlog::store
