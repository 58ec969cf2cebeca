// The columns and indexes of a partition, which may be one that a user has made, with its columns in another
// order and any indexes. The functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Returns the number that a column has in this partition.
AttrNumber column_number(Relation leaf, const char* column);

// Opens an index with all rows of the partition in ascending order of the column, which is of this type.
// Returns null if there is none.
Relation open_leaf_index(Relation leaf, const char* column, Oid type);

// Returns copies of the oids of a log table's partitions, in the order of their ranges; a default partition
// comes last. The server may free its own list when a partition is opened.
std::span<const Oid> partition_oids(Relation table);

// Stores the greatest value of the column in `value`, of all rows of a partition, dead and uncommitted ones
// included. `below` is a condition on the column, or null. Returns false if there is none, or no such index.
// Locks the partition only meanwhile. The value must be of a type that is passed by value, or is copied into
// the current memory context.
bool greatest_in_leaf(Oid leaf, const char* column, Oid type, ScanKey below, Datum& value);

}  // namespace eventlog::store
