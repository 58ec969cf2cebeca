// The arguments of eventlog.log_event and of its like.
#pragma once

#include "pg/server.h"

#include "event/event.h"

namespace eventlog::ingest {

// The event as log_event's arguments give it, a view of them. 22023 for an origin unknown to this library.
// May ereport: call inside pg::call.
event::Event read_arguments(FunctionCallInfo fcinfo);

}  // namespace eventlog::ingest
