// Prepares the log for writes: adopts the database and makes partitions, in transactions that block nobody
// for long.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Adopts the database, and makes one of the partitions that hold `unix_millis` and are ahead of it, in the
// current transaction. Returns false if there was nothing to do. Waits for the maintenance lock. A process
// that can end its transactions calls this again and again, each time in a transaction of its own. May
// ereport, so call it inside pg::call.
bool maintain_step(int64_t unix_millis);

// Adopts the database and makes all of these partitions for a session. A short-lived process makes them as
// make_ready does; what it has left is made in the current transaction. May ereport, so call it inside
// pg::call.
void maintain(int64_t unix_millis);

// Returns whether `maintain` has nothing to do. May ereport, so call it inside pg::call.
bool is_maintained(int64_t unix_millis);

// Returns whether the worker has yet to adopt the log by itself, because pg_upgrade has brought it here or
// pg_resetwal has lowered the server's transaction numbers. May ereport, so call it inside pg::call.
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
