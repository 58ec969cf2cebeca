// Requests in flight, for eventlog.forward_status. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// Of a target of this database, which its server identifies. Without preloading nothing happens.
void set_in_flight(Oid server, uint32_t requests);

// -1 without preloading.
int in_flight(Oid server);

// Forgets this database's gauges.
void clear_gauges();

// Asks for the shared memory; called by _PG_init while preloading.
void request_gauges();

}  // namespace eventlog::runtime
