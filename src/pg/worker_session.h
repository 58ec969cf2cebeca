// Sessions of background workers.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Connects a background worker to a database as the bootstrap superuser, with settings that no role or
// database can bend: writable transactions, READ COMMITTED, a search path of pg_catalog. Call it outside any
// C++ frame with destructors.
void start_worker_session(Oid database);

}  // namespace eventlog::pg
