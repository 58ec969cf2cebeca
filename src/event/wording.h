// Phrases that the texts of problems share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::event {

// `utf8` in double quotes; of a long text the first 64 characters and an ellipsis.
std::string quote(std::string_view utf8);

// "a string", "an array", "null": a JSON value by its type.
std::string_view noun_of(jsonb::Kind kind);

// The type of the value at the root of a JSONB datum.
jsonb::Kind kind_of_root(const jsonb::Container& root);

// "Found an array."
std::string found_sentence(std::string_view what);

// "The limit is 256 characters; found 257."
std::string limit_sentence(size_t limit, std::string_view unit, size_t found);

}  // namespace eventlog::event
