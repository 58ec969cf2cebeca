// From an event as the caller gave it to a row: normalise, validate, defaults, id, envelope, insert.
#pragma once

#include "pg.h"

#include "event/event.h"
#include "ids/uuid7.h"
#include "store/insert.h"

namespace eventlog::log {

// Trims and checks the event. Throws pg::Error when a rule is broken; returns the canonical size of the
// caller's metadata.
size_t check(event::Event& event);

// Readies the log for writing, and refuses where nothing can be written (25006). Throws pg::ServerError.
store::Insertion begin();

// Writes a checked event and returns its id. Throws pg::Error when the whole envelope is too large,
// pg::ServerError.
ids::Uuid write(store::Insertion& insertion, const event::Event& event, size_t metadata_bytes);

// Ends the writing. Throws pg::ServerError.
void end(store::Insertion& insertion);

}  // namespace eventlog::log
