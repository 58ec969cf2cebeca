// Stamping: what the extension itself says of an event. Defaults, the id, the times, and the envelope
// _eventLog with the caller's identity.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "event/stored_row.h"

namespace eventlog::ingest {

struct Stamped {
    event::StoredRow row;
    Jsonb* metadata;  // the datum that row.metadata views
    bool forward;
};

// The row of a checked event, in the current memory context. `events` is the log, open; `caller_xid` is the
// caller's transaction where the envelope is to name it. May ereport: call inside pg::call.
Stamped stamp(Relation events, const event::Event& event, std::string_view caller_xid);

}  // namespace eventlog::ingest
