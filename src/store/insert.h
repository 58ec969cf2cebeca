// Inserts rows into a log table.
//
//     Insertion insertion = begin_insertion(log, unix_millis);
//     for (...)
//         if (enter_partition(insertion, id))
//             insert_row(insertion, partition_for(insertion, id), values, nulls);
//     end_insertion(insertion);
//
// A row goes straight into the leaf partition as long as nothing about the tables needs the executor.
// Otherwise an INSERT runs through the executor: if there are triggers, rules, forced row security, added
// columns or another table access method. All functions may ereport, so call them inside pg::call. Nothing
// needs cleaning up after an error, because the end of the transaction does that.
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
    FullTransactionId xid;  // the top-level transaction, shifted by the xid offset, as it is stored
    Oid entered;            // the partition that enter_partition has found open last
    Leaf* leaf;             // the leaf that is open for direct insertion, or null
    MemoryContext memory;   // lives as long as the insertion
};

// Prepares the log for rows written at about `unix_millis`. Adopts the database if that has not been done
// yet. Raises 42501 if the table would run functions of somebody else, as enter_partition and enter do.
Insertion begin_insertion(const LogTable& log, int64_t unix_millis);

// Returns the partition for a row with this id. Makes the partition if it is missing.
Oid partition_for(Insertion& insertion, const ids::Uuid& id);

// Locks the partition for a row with this id, after which nobody can close it. Returns false if it is closed;
// then the caller takes a new id. Makes the partition if it is missing, and opens it if its time is not over.
bool enter_partition(Insertion& insertion, const ids::Uuid& id);

// Locks a partition of any log in the same way. Returns false if it is closed.
bool enter(Oid partition);

// Writes a row into the partition, which has been entered. `values` and `nulls` hold all columns of the log
// in their order.
void insert_row(Insertion& insertion, Oid partition, Datum* values, const bool* nulls);

// Makes the missing partitions for `unix_millis`. The caller must not hold any other reference to the tables.
void make_room(Insertion& insertion, int64_t unix_millis);

void end_insertion(Insertion& insertion);

}  // namespace eventlog::store
