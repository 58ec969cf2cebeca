// Partitions of the logs: finds the one that an id belongs to, and makes missing ones. The functions may
// ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "store/log_table.h"

namespace eventlog::store {

// Returns the leaf whose range holds `id`, or InvalidOid. `table` is the table of `log`, open and locked.
Oid leaf_of(const LogTable& log, Relation table, const ids::Uuid& id);

// Returns whether the range of the partition that holds `id` ends before `unix_millis`. `table` is open and
// locked.
bool is_over(Relation table, const ids::Uuid& id, int64_t unix_millis);

// Returns the leaves of a log's table whose ranges reach beyond `from`, newest first. The table is open and
// locked.
std::span<const Oid> leaves_from(Relation table, const ids::Uuid& from);

// Makes and attaches the partition of each log that holds `unix_millis`, unless it exists; opens one that is
// closed. Its range is aligned to the epoch and as wide as LogTable::partition_millis returns, and ends early
// where a neighbour begins. This happens in the current transaction, whose caller holds the maintenance lock.
void make_partitions(int64_t unix_millis);

// Makes the first missing one of the partitions that hold `unix_millis` and the eventlog.partitions_ahead
// spans after it. Returns false if none is missing.
bool make_next_partition(int64_t unix_millis);

// Returns whether each log has the partition that holds `unix_millis`, and it takes rows.
bool has_partitions(int64_t unix_millis);

// Returns whether each log has the partitions ahead of `unix_millis`, too.
bool has_partitions_ahead(int64_t unix_millis);

// Registers the invalidation callback. Called once, by _PG_init.
void watch_partitions();

}  // namespace eventlog::store
