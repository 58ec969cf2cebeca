// What the functions that take events as JSON share.
#pragma once

#include "event/event.h"
#include "jsonb/view.h"

namespace eventlog::ingest {

// Reads and checks an envelope; `event` then views it. Returns the canonical size of its metadata. Throws
// pg::Error.
size_t read_event(const jsonb::Container& envelope, event::Event& event);

// The same of an array's element, which may be no envelope at all.
size_t read_event(const jsonb::Value& element, event::Event& event);

// Throws the pg::Error of an argument `events` that is not a JSON array.
[[noreturn]] void refuse_no_array(jsonb::Kind found);

}  // namespace eventlog::ingest
