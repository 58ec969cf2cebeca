// Short-lived background processes that do for a session or a worker what its own transaction must not. May
// ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

struct HelperProcess {
    const char* name;       // what pg_stat_activity calls it
    const char* function;   // its main, in this library
    const void* arguments;  // copied into bgw_extra: BGW_EXTRALEN bytes at the most
    size_t size;
};

// What the caller waits for.
enum class Await { nothing, start, end };

// Starts it in this database; false when no process is free, or the postmaster has died.
bool run_helper(const HelperProcess& process, Await await);

}  // namespace eventlog::runtime
