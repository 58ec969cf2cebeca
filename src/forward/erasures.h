// Tells the worker about erasures, because rows that it has read and encoded may hold data that was erased
// from the log. Committed erasures arrive as an invalidation of eventlog.dead_letters, which COMMIT PREPARED
// sends as well. An ANALYZE of that table has the same effect as an erasure.
#pragma once

#include "pg/server.h"

namespace eventlog::forward {

// Registers the callback. The worker calls it once.
void watch_erasures();

// Finds the table. Call it in a transaction; it may ereport, so call it inside pg::call.
void find_erasures();

// Returns the number of erasures noticed so far. Takes no lock and raises no error.
uint64_t erasures();

}  // namespace eventlog::forward
