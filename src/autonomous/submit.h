// The caller's side of autonomous events: everything but the write is done here, in the caller's own process.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "ids/uuid7.h"

namespace eventlog::autonomous {

// Refuses where no worker could write the event: without preloading and in the worker itself (55000), during
// recovery (25006) and in a parallel worker (25000). May ereport: call inside pg::call.
void require_writer();

// Has the database's worker write and commit a checked event, and returns its id once that is done; that of
// an earlier event with the same idempotency key where there is one. `metadata_bytes` is what ingest::check
// returned. Throws pg::Error, which says whether the event was or may have been written, and pg::ServerError.
ids::Uuid submit(const event::Event& event, size_t metadata_bytes);

}  // namespace eventlog::autonomous
