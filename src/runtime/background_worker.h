// Background workers of this library, as the server is asked to start them.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// A process that connects to a database and starts once recovery has ended. `name` is what pg_stat_activity
// calls it, `function` its main in this library. It is not restarted, and notifies nobody, unless the caller
// says so.
BackgroundWorker describe_worker(const char* name, const char* function);

// Called first by a main: SIGTERM ends the process at its next CHECK_FOR_INTERRUPTS, SIGHUP asks it to read
// the configuration again, which it does in `reload_configuration`.
void handle_signals();

// Reads the server's configuration again where SIGHUP has asked for that. May ereport: call inside pg::call.
void reload_configuration();

}  // namespace eventlog::runtime
