// Sessions of background workers.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Connects a background worker to a database as the bootstrap superuser. The session has writable
// transactions, READ COMMITTED and a search path of pg_catalog, which settings of a role or database cannot
// change. Call it outside of any C++ frame with destructors.
void start_worker_session(Oid database);

}  // namespace eventlog::pg
