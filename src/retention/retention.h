// Letting old partitions go, without a writer waiting.
//
// What may go is decided in SQL (part 62). It is done by a process of its own, one at a time in a database,
// whose every wait for a lock is short; what it cannot have now, it leaves for the next one. These functions
// may ereport: call them inside pg::call, in a transaction, after the database has been adopted.
#pragma once

#include "pg/server.h"

#include "runtime/helper_process.h"

namespace eventlog::retention {

// Starts the process if there is something for it to do. Does not wait for its end: it may have to wait
// itself for the caller's transaction to end.
void start_retention(runtime::Await await);

}  // namespace eventlog::retention
