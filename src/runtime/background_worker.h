// Background workers of this library: their description for the server, and their handling of signals.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// Describes a process that connects to a database and starts once recovery has ended. `name` is shown in
// pg_stat_activity; `function` is the main function in this library. Unless the caller changes the result,
// the process is not restarted and notifies no process.
BackgroundWorker describe_worker(const char* name, const char* function);

// Installs the signal handlers. A worker's main function calls it first: SIGTERM ends the process at its next
// CHECK_FOR_INTERRUPTS, and SIGHUP makes the next `reload_configuration` read the configuration again.
void handle_signals();

// Reads the server's configuration again if a SIGHUP has arrived. May ereport, so call it inside pg::call.
void reload_configuration();

}  // namespace eventlog::runtime
