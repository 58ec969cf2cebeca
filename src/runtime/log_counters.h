// Log calls of each database since the server's start, for eventlog.stats.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// Refused log calls with one SQLSTATE, as the server encodes it; 0: unused.
struct Rejections {
    std::atomic<int> sqlstate;
    std::atomic<uint64_t> count;
};

// Log calls of one database. The atomics are counted without a lock.
struct LogCounters {
    Oid database;       // InvalidOid: free
    TimestampTz since;  // when counting began
    std::atomic<uint64_t> logged;
    Rejections rejected[32];
    std::atomic<uint64_t> rejected_otherwise;  // with a SQLSTATE that found no place
};

// The counters of this session's database; null when the library is not preloaded, or no place is left. May
// ereport: call inside pg::call.
LogCounters* log_counters();

// Frees those of a dropped database. Needs preloading; may ereport: call inside pg::call.
void free_log_counters(Oid database);

// Asks for the shared memory; called by _PG_init while preloading.
void request_log_counters();

}  // namespace eventlog::runtime
