// The slot of this worker. Only the worker calls these functions, which may ereport unless noted otherwise.
#pragma once

#include "pg/server.h"

#include "runtime/worker_slots.h"

namespace eventlog::worker {

// Takes the slot of `database` for this process and releases it when the process exits, for whatever reason.
// Ends the process if another worker has the slot.
void claim_slot(Oid database);

// Records that there is nothing more to do in this database, so that the launcher does not start another
// worker.
void finish_slot();

// Sets which commits wake this worker. Takes no lock and raises no error.
void set_interest(runtime::Interest interest);

// Returns how many commits have changed a target. Takes no lock and raises no error.
uint32_t target_changes();

}  // namespace eventlog::worker
