// Making the log ready for a write: adoption and partitions, in transactions that stall nobody.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Adopts the cluster and makes the partition of `unix_millis` and those ahead of it, in the current
// transaction. Waits for the maintenance lock. May ereport: call it inside pg::call.
void maintain(int64_t unix_millis);

// Whether there is nothing for `maintain` to do. May ereport: call it inside pg::call.
bool is_maintained(int64_t unix_millis);

// Whether the log has come here by pg_upgrade and waits to be adopted, which its worker does by itself. May
// ereport: call it inside pg::call.
bool waits_for_worker();

// The same as `maintain` for a log call that found something missing: a short-lived process does it and
// commits at once, so that the caller's open transaction holds no lock that others wait for; where none can
// be had, or it cannot see what the caller's transaction has made, in the caller's transaction. May ereport:
// call it inside pg::call.
void make_ready(int64_t unix_millis);

// The same by that process alone: false where none can be had, or it has not managed. May ereport: call it
// inside pg::call.
bool make_ready_elsewhere(int64_t unix_millis);

}  // namespace eventlog::store
