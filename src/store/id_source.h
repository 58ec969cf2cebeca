// Where event ids come from in a backend: the clock, kept advancing over all backends when the library is
// preloaded. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"

namespace eventlog::store {

// Asks for the shared clock; called by _PG_init while preloading.
void request_id_clock();

// The next id, at or after `unix_micros`. Strictly above every id given out before by this backend (by every
// backend, when preloaded), and above every id that was stored in the table when this backend made its first
// one there. `table` is a log table, open and locked.
ids::Uuid next_id(Relation table, int64_t unix_micros);

}  // namespace eventlog::store
