// Waits until an endpoint has taken an event, by polling the target's cursor.
#pragma once

#include "pg/server.h"

namespace eventlog::forward {

struct Awaited {
    Datum target;    // text
    Datum event_id;  // uuid
    TimestampTz deadline;
};

// Waits until the event is settled or the deadline has passed. Returns true if the endpoint has taken the
// event, and false at the deadline or if the event is a dead letter. Throws pg::ServerError: P0002 for an
// unknown event, 42704 for an unknown target, 22023 if the target is not sent the event, 55000 in the
// transaction that wrote the event and without preloading.
bool wait_for_forward(const Awaited& awaited);

}  // namespace eventlog::forward
