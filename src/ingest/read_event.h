// The parts that the functions with events as JSON share.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "jsonb/view.h"

namespace eventlog::ingest {

// Reads and checks an envelope, of which `event` then is a view, and returns the canonical size of its
// metadata. Throws pg::Error.
size_t read_event(const jsonb::Container& envelope, event::Event& event);

// Does the same for an element of an array, which may be no envelope at all.
size_t read_event(const jsonb::Value& element, event::Event& event);

// Throws the pg::Error for the first argument, `field`, if it is NULL. The call counts as rejected.
void require_argument(FunctionCallInfo fcinfo, std::string_view field);

// Throws the pg::Error for an argument `events` that is not a JSON array.
[[noreturn]] void refuse_no_array(jsonb::Kind found);

}  // namespace eventlog::ingest
