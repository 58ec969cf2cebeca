// Queries on single partitions of eventlog.events, whose plans a process keeps. A generic plan for the whole
// log would lock every partition at each execution. The functions may ereport, so call them inside pg::call
// and connected to SPI.
//
//     LeafQuery query{"SELECT event_id FROM %s WHERE xid = $1", 1, {XID8OID}};
//     if (lock_unless_empty(leaf)) query.run(leaf, values);   // results in SPI_tuptable
#pragma once

#include "pg/server.h"

#include "follow/snapshot.h"
#include "store/leaves.h"

namespace eventlog::follow {

inline constexpr int kMaxLeafParameters = 5;
inline constexpr int kKeptPlans = 16;

struct LeafQuery {
    const char* sql;  // with %s for the name of the partition
    int parameters;
    Oid types[kMaxLeafParameters];

    // A plan is kept with the name that it was made for.
    struct Kept {
        Oid leaf;
        NameData name;
        NameData schema;
        SPIPlanPtr plan;
    };
    Kept kept[kKeptPlans] = {};
    int next = 0;  // the place that is used again next

    // Runs the query, read-only, on a partition that is locked.
    void run(Oid leaf, const Datum* values);
};

// Returns whether a partition may hold rows of a window.
bool may_hold(const store::LogPartition& partition, const WindowBounds& bounds);

// Returns the log of events, open and locked, with a reference that is closed by `close_events`.
Relation open_events();
void close_events(Relation events);

// Returns whether the partitions may be queried one by one: row security of the log does not apply to the
// user, who may read each of them, and no default partition holds what lies between them.
bool may_query_leaves(Relation events, std::span<const store::LogPartition> partitions);

// Locks a partition for reading. Returns false if it has been dropped, or is empty.
bool lock_unless_empty(Oid leaf);

}  // namespace eventlog::follow
