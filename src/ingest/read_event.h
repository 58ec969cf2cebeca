// The parts that the functions with events as JSON share.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "event/json_array.h"
#include "jsonb/view.h"

namespace eventlog::ingest {

// Reads and checks an envelope, of which `event` then is a view, and returns the canonical size of its
// metadata. Throws pg::Error.
size_t read_event(const jsonb::Container& envelope, event::Event& event);

// Does the same for an element of an array, which may be no envelope at all.
size_t read_event(const jsonb::Value& element, event::Event& event);

// Does the same for the text of an element, which becomes a JSONB value that `event` is a view of. The object
// must not have a key twice, of which JSONB would keep one. Throws pg::ServerError, too, if JSONB cannot hold
// it.
size_t read_event(const event::JsonArray& events, event::Event& event);

// Returns the JSONB value of a JSON text. Throws pg::ServerError.
jsonb::Container parse_jsonb(std::string_view json);

// Throws the pg::Error for the first argument, `field`, if it is NULL. The call counts as rejected.
void require_argument(FunctionCallInfo fcinfo, std::string_view field);

// Throws the pg::Error for an argument `events` that is not a JSON array.
[[noreturn]] void refuse_no_array(jsonb::Kind found);

}  // namespace eventlog::ingest
