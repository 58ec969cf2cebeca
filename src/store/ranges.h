// The partitions of a log by their ranges, for readers that go from one to the next. The server's descriptor
// of a partitioned table costs a new session tens of microseconds for each partition, and a plan over the
// table locks every one of them. Nothing here locks a partition for longer than a call. The functions may
// ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"

namespace eventlog::store {

// A partition and its range.
struct PartitionRange {
    Oid leaf;                     // InvalidOid if there is no partition
    ids::Uuid from;               // the least id that it may hold
    std::optional<ids::Uuid> to;  // the id that ends the range; none if nothing does
};

// Reads the partitions of `table` if anything about them has changed, for calls of `partition_at_or_below`
// under the active snapshot. `table` is partitioned as the logs are, open and locked.
void open_ranges(Relation table);

// Returns the partition of that table whose range holds `id`, or else the nearest one below. If the user has
// made a default partition, every gap belongs to its range.
PartitionRange partition_at_or_below(const ids::Uuid& id);

// Returns whether a partition holds no row, committed or not, as its file shows. A partition that is no plain
// table, or that has been dropped in the meantime, is not called empty.
bool has_empty_file(Oid leaf);

// Registers the invalidation callback. Called once, by _PG_init.
void watch_ranges();

}  // namespace eventlog::store
