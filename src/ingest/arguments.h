// Reads the arguments of eventlog.log_event and of the functions with the same arguments.
#pragma once

#include "pg/server.h"

#include "event/event.h"

namespace eventlog::ingest {

// Returns the event that log_event's arguments describe, as a view of them. Raises 22023 if this library
// does not know the origin. May ereport: call inside pg::call.
event::Event read_arguments(FunctionCallInfo fcinfo);

}  // namespace eventlog::ingest
