// Prepares the log for writes: adopts the database and makes partitions, in transactions that block nobody
// for long.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Adopts the database and makes the partition of `unix_millis` and those ahead of it, in the current
// transaction. Waits for the maintenance lock. May ereport, so call it inside pg::call.
void maintain(int64_t unix_millis);

// Returns whether `maintain` has nothing to do. May ereport, so call it inside pg::call.
bool is_maintained(int64_t unix_millis);

// Returns whether pg_upgrade has brought the log here and its worker has yet to adopt it, which the worker
// does by itself. May ereport, so call it inside pg::call.
bool waits_for_worker();

// Does the same as `maintain` for a log call that found something missing. A short-lived process does it and
// commits at once, so that the caller's open transaction holds no lock that others wait for. If no process is
// available, or it cannot see what the caller's transaction has made, the current transaction does it. May
// ereport, so call it inside pg::call.
void make_ready(int64_t unix_millis);

// Does the same by that process alone. Returns false if no process is available or the process has not
// succeeded. May ereport, so call it inside pg::call.
bool make_ready_elsewhere(int64_t unix_millis);

}  // namespace eventlog::store
