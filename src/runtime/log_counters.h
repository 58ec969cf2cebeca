// Counters of the log calls in each database since the start of the server or a reset, for eventlog.stats.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// The number of log calls that were refused with one SQLSTATE. It is encoded as the server does it; 0 means
// that the entry is unused.
struct Rejections {
    std::atomic<int> sqlstate;
    std::atomic<uint64_t> count;
};

// The log calls of one database. The atomic counters are changed without a lock.
struct LogCounters {
    Oid database;       // InvalidOid if the entry is free
    TimestampTz since;  // time at which counting began
    std::atomic<uint64_t> logged;
    Rejections rejected[32];
    std::atomic<uint64_t> rejected_otherwise;  // calls refused with a SQLSTATE that has no entry

    // Begins to count anew. Calls that are counted meanwhile may count before or after that.
    void reset();
};

// Returns the counters of this session's database, or null if the library is not preloaded or no place is
// left. May ereport, so call it inside pg::call.
LogCounters* log_counters();

// Frees the counters of a dropped database. Requires preloading. May ereport, so call it inside pg::call.
void free_log_counters(Oid database);

// Requests the shared memory. _PG_init calls it while preloading.
void request_log_counters();

}  // namespace eventlog::runtime
