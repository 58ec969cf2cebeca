// The types of JSON values, for messages.
#pragma once

#include <string_view>

#include "jsonb/view.h"

namespace eventlog::event {

// Returns the type of a JSON value as a noun: "a string", "an array", "null".
std::string_view noun_of(jsonb::Kind kind);

// Returns the type of the value at the root of a JSONB datum.
jsonb::Kind kind_of_root(const jsonb::Container& root);

// Returns the type of the value with which a valid JSON text begins.
jsonb::Kind kind_of_text(std::string_view json);

}  // namespace eventlog::event
