// A worker's own slot. May ereport; used by the worker only.
#pragma once

#include "pg/server.h"

#include "runtime/worker_slots.h"

namespace eventlog::worker {

// Takes the slot of `database` for this process, to be given back when it exits, whatever way. Ends the
// process when another worker has it.
void claim_slot(Oid database);

// Says that there is nothing more to do in this database, so that the launcher does not start another worker.
void finish_slot();

// What commits wake this worker. No lock, no error.
void set_interest(runtime::Interest interest);

// Counts the commits that changed a target. No lock, no error.
uint32_t target_changes();

}  // namespace eventlog::worker
