// The patterns over event names of a consumer.
#pragma once

#include "pg/server.h"

#include "event/name_patterns.h"

namespace eventlog::feed {

// The elements of a text[] that holds no NULL; 22004 where it does. May ereport: call inside pg::call.
std::span<std::string_view> list_patterns(Datum array);

// Throws pg::Error, 22023, where the list is empty or a pattern cannot be one.
event::NamePatterns read_patterns(std::span<const std::string_view> list);

}  // namespace eventlog::feed
