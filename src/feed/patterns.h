// A consumer's patterns for event names.
#pragma once

#include "pg/server.h"

#include "event/name_patterns.h"

namespace eventlog::feed {

// Returns the elements of a text[]. Raises 22004 if one is NULL. May ereport, so call it inside pg::call.
std::span<std::string_view> list_patterns(Datum array);

// Reads the patterns of the list. Throws pg::Error with 22023 if the list is empty or an element is not a
// valid pattern.
event::NamePatterns read_patterns(std::span<const std::string_view> list);

}  // namespace eventlog::feed
