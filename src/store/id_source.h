// The source of a backend's event ids: a clock that never goes back, which all backends share if the library
// is preloaded. Its functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "store/log_table.h"

namespace eventlog::store {

// Requests the shared memory of the clock. Called by _PG_init while the library is preloaded.
void request_id_clock();

// Returns the next id, at or after `unix_micros`. It is greater than every id that this backend, or every
// backend if the library is preloaded, has returned before. It is also greater than every id that was stored
// in the table when this backend made its first id there. Ids that are more than an hour ahead of
// `unix_micros` do not count, because they are of a clock that was wrong. `table` is the table of `log`, open
// and locked.
ids::Uuid next_id(const LogTable& log, Relation table, int64_t unix_micros);

}  // namespace eventlog::store
