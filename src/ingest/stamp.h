// Stamping adds the extension's own data to an event: defaults, the id, the times, and the envelope
// _eventLog with the caller's identity.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "event/idempotency.h"
#include "event/stored_row.h"

namespace eventlog::ingest {

struct Stamped {
    event::StoredRow row;
    Jsonb* metadata;  // the datum of which row.metadata is a view
    bool forward;
    event::Digest key_holder;
};

// Returns the row of a checked event, in the current memory context. `events` is the open log table;
// `caller_xid` is the caller's transaction if the envelope shall name it. May ereport: call inside
// pg::call.
Stamped stamp(Relation events, const event::Event& event, std::string_view caller_xid);

}  // namespace eventlog::ingest
