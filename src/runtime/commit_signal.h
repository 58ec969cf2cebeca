// The signal that a commit gives to the worker of its database and to the sessions that wait for events.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// The news that a transaction has for the worker of its database, in ascending order of weight. The heaviest
// notice of the transaction counts.
enum class Notice : uint8_t { nothing, events, flagged_events, targets_changed };

// Arranges that the commit of this transaction wakes every session that waits for the commit signal, and the
// worker if it is interested in the notice.
void notify_at_commit(Notice notice);

// Returns the condition variable that is broadcast when a transaction with a notice commits in this session's
// database, or null without preloading. Several databases may share one variable, so a session that wakes up
// must check for news and wait again if there is none.
ConditionVariable* commit_signal();

// Requests the shared memory. _PG_init calls it while preloading.
void request_commit_signals();

// Registers the callback that runs at each commit. _PG_init calls it once.
void watch_commits();

}  // namespace eventlog::runtime
