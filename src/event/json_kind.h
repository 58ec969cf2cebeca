// The types of JSON values, for messages.
#pragma once

#include <string_view>

#include "jsonb/view.h"

namespace eventlog::event {

// "a string", "an array", "null": a JSON value by its type.
std::string_view noun_of(jsonb::Kind kind);

// The type of the value at the root of a JSONB datum.
jsonb::Kind kind_of_root(const jsonb::Container& root);

// The type of the value that a valid JSON text begins with.
jsonb::Kind kind_of_text(std::string_view json);

}  // namespace eventlog::event
