// The number of requests in flight for each target, for eventlog.forward_status. The functions may ereport,
// so call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// Sets the number of requests in flight for a target of this database, which `server` identifies. Does
// nothing without preloading.
void set_in_flight(Oid server, uint32_t requests);

// Returns the number of requests in flight for a target of this database, or -1 without preloading.
int in_flight(Oid server);

// Clears the gauges of this database.
void clear_gauges();

// Requests the shared memory. _PG_init calls it while preloading.
void request_gauges();

}  // namespace eventlog::runtime
