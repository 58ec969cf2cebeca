// Partitions of the logs: finding the one an id belongs to, and making those that are wanted.
// These functions may ereport: call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "store/log_table.h"

namespace eventlog::store {

// The leaf whose range holds `id`, or InvalidOid. `table` is that of `log`, open and locked.
Oid leaf_of(const LogTable& log, Relation table, const ids::Uuid& id);

// The leaves of a log's table that reach beyond `from`, newest first; open and locked as above.
std::span<const Oid> leaves_from(Relation table, const ids::Uuid& from);

// A partition, and the least id that it may hold.
struct PartitionRange {
    Oid leaf;  // InvalidOid: there is none
    ids::Uuid from;
};

// The partition whose range holds `id`, else the nearest one below; a default partition of the user's own has
// every gap for its range. `table` is partitioned as the logs are,
// open and locked.
PartitionRange partition_at_or_below(Relation table, ids::Uuid id);

// Makes the partition of each log that holds `unix_millis` and attaches it, unless there is one. Its range is
// aligned to the epoch and as wide as LogTable::partition_millis says, and is cut where a neighbour begins.
// In the current transaction; under the maintenance lock.
void make_partitions(int64_t unix_millis);

// Makes the partitions that hold `unix_millis` and the eventlog.partitions_ahead spans after it, where they
// are missing.
void make_partitions_ahead(int64_t unix_millis);

// Whether each log has the partition that holds `unix_millis`.
bool has_partitions(int64_t unix_millis);

// Whether those ahead of it are there, too.
bool has_partitions_ahead(int64_t unix_millis);

// Registers the invalidation callback; called once by _PG_init.
void watch_partitions();

}  // namespace eventlog::store
