// The server's lock manager, asked who waits for whom.
//
// These functions take the lock manager's own locks, so call them seldom. They may ereport: call them inside
// pg::call.
#pragma once

namespace eventlog::pg {

// Returns a process that holds, or awaits before it, the lock that `pid` waits for, or 0 if `pid` waits for
// none. A prepared transaction that holds the lock counts as none.
int blocker_of(int pid);

// Returns whether `pid` waits, directly or through other processes, for a lock that this process stands in
// the way of.
bool waits_for_this_process(int pid);

}  // namespace eventlog::pg
