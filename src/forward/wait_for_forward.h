// Waiting until an endpoint has taken an event: it polls the cursor of the target.
#pragma once

#include "pg/server.h"

namespace eventlog::forward {

struct Awaited {
    Datum target;    // text
    Datum event_id;  // uuid
    TimestampTz deadline;
};

// Waits until the event is settled or the deadline has come. True when the endpoint has taken it; false at
// the deadline, and when the event is a dead letter. Throws pg::ServerError: P0002 for an unknown event,
// 42704 for an unknown target, 22023 where the target is not sent the event, 55000 in the transaction that
// wrote it and without preloading.
bool wait_for_forward(const Awaited& awaited);

}  // namespace eventlog::forward
