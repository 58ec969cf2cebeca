// What commits have to say to this database's worker and to sessions that wait for events.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// What a transaction has for its database's worker. In the order of weight: the heaviest counts.
enum class Notice : uint8_t { nothing, events, flagged_events, targets_changed };

// When this transaction commits, wakes the worker, if the notice interests it, and every session that waits
// for the commit signal.
void notify_at_commit(Notice notice);

// Is broadcast when a transaction of this session's database with a notice commits; null without preloading.
// Several databases share one: who is woken looks, and waits on.
ConditionVariable* commit_signal();

// Asks for the shared memory; called by _PG_init while preloading.
void request_commit_signals();

// Registers what happens at commit; called once by _PG_init.
void watch_commits();

}  // namespace eventlog::runtime
