// Tells the worker of erasures, since what it has read and encoded holds what is gone from the log. Committed
// ones arrive as an invalidation of eventlog.dead_letters, which comes of COMMIT PREPARED as well; an ANALYZE
// of that table passes for one.
#pragma once

#include "pg/server.h"

namespace eventlog::forward {

// Registers the callback; called once by the worker.
void watch_erasures();

// Finds the table. In a transaction; may ereport: call inside pg::call.
void find_erasures();

// Counts the erasures heard of. No lock, no error.
uint64_t erasures();

}  // namespace eventlog::forward
