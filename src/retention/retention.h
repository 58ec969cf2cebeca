// Drops old partitions without blocking writers.
//
// SQL decides which partitions are due (sql/code/62_retention.sql). A separate process drops them, one at a
// time per database, and each of its waits for a lock is short. A partition that it cannot lock now is left
// for the next process. These functions may ereport: call them inside pg::call, in a transaction, after the
// database has been adopted.
#pragma once

#include "pg/server.h"

#include "runtime/helper_process.h"

namespace eventlog::retention {

// Starts the process if a partition is due. Does not wait for its end, because the process may itself have to
// wait for the caller's transaction to end.
void start_retention(runtime::Await await);

}  // namespace eventlog::retention
