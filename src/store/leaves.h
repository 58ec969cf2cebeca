// The partitions of a log with their ranges, and the facts about those that are sealed. None of them is
// locked or opened for that. The functions may ereport, so call them inside pg::call.
//
//     for (const LogPartition& partition : partitions_where(log, table, [&](const LogPartition& p) {
//              return may_hold(p, xid_from);
//          }))
//         ...
//
// A partition is open until it is closed, and then sealed once its rows have been counted. See README.md.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "store/log_table.h"

namespace eventlog::store {

// The facts about a sealed partition. They include every row that is in it, whatever the caller's snapshot,
// and an erasure changes none of them. Only `rows` means anything if it is 0.
struct PartitionFacts {
    int64_t rows;
    uint64_t least_xid;  // in the log's own numbering
    uint64_t greatest_xid;
    TimestampTz least_ingested_at;
    TimestampTz greatest_ingested_at;
    TimestampTz least_event_ts;
    TimestampTz greatest_event_ts;
};

struct LogPartition {
    Oid oid;
    ids::Uuid from;                       // the least id of the range
    std::optional<ids::Uuid> to;          // the id that ends the range; none if nothing does
    bool is_leaf;                         // false if the user has partitioned it further
    bool is_default;                      // holds what no range does, and has no range itself
    bool closed;                          // nothing can be inserted any more
    std::optional<PartitionFacts> facts;  // only if it is sealed
};

struct KnownPartitions {
    Oid* oids = nullptr;  // in the order of the server's descriptor
    int count = 0;
    LogPartition* ranges = nullptr;  // in the order of their ranges; a default partition comes last
    MemoryContext memory = nullptr;
    bool valid = false;
};

// Returns what is known of the partitions of a log, whose table is open and locked. The result is cached
// until the relation cache is told of a change, so it must not be kept while anything else may run.
const KnownPartitions& known_partitions(const LogTable& log, Relation table);

// Returns copies of the partitions that `wanted` selects, in the order of their ranges. A default partition
// comes last. `table` is the table of `log`, open and locked.
template <typename Wanted>
std::span<const LogPartition> partitions_where(const LogTable& log, Relation table, Wanted wanted) {
    const KnownPartitions& known = known_partitions(log, table);
    size_t count = 0;
    for (int i = 0; i < known.count; i++) count += wanted(known.ranges[i]) ? 1 : 0;
    auto* chosen = static_cast<LogPartition*>(palloc(sizeof(LogPartition) * (count + 1)));
    size_t place = 0;
    for (int i = 0; i < known.count; i++)
        if (wanted(known.ranges[i])) new (&chosen[place++]) LogPartition(known.ranges[i]);
    return {chosen, count};
}

// Returns whether nothing can be inserted into a partition of a log, whatever the transaction's snapshot. The
// partition, or a part of one, is open and locked. While the caller holds a lock for writing, the answer
// stays the same.
bool is_closed(Relation partition);

// Returns whether nothing can be inserted into this partition of a log's table, which is open and locked. The
// partition need not be; then the answer may change at once.
bool is_known_closed(const LogTable& log, Relation table, Oid partition);

// Lets a closed partition take rows again, because the clock has stepped back into its range. The caller
// holds the maintenance lock. The server refuses it (55000) for a partition that is being detached.
void reopen(Oid partition);

// Returns the function of the trigger that binds INSERT to a closed partition, or InvalidOid if the SQL
// objects are of a release without it.
Oid late_row_function();

// Registers the invalidation callback. Called once, by _PG_init.
void watch_leaves();

}  // namespace eventlog::store
