// The caller's side of autonomous events. Everything except the write happens here, in the caller's own
// process.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "ids/uuid7.h"

namespace eventlog::autonomous {

// Raises an error if no worker could write the event: 55000 without preloading, where eventlog.databases
// leaves the database out, and in the worker itself, 25006 during recovery, 25000 in a parallel worker.
// Raises 42501 if there is no caller whose event it would be.
void require_writer();

// Makes the worker of this database write and commit a checked event, and returns the event's id after the
// commit. If an earlier event has the same idempotency key, returns the id of that event. `metadata_bytes` is
// the result of ingest::check. Throws pg::Error, which says whether the event was or may have been written,
// and pg::ServerError.
ids::Uuid submit(const event::Event& event, size_t metadata_bytes);

}  // namespace eventlog::autonomous
