// Short-lived background processes, which do for a session or a worker what its own transaction must not do.
// The functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

struct HelperProcess {
    const char* name;       // shown in pg_stat_activity
    const char* function;   // its main function in this library
    const void* arguments;  // copied into bgw_extra; at most BGW_EXTRALEN bytes
    size_t size;
};

// The event that the caller waits for.
enum class Await { nothing, start, end };

// Starts the process in this database. Returns false if no process is free or the postmaster has died.
bool run_helper(const HelperProcess& process, Await await);

}  // namespace eventlog::runtime
