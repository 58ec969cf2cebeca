// Reads the JSON of an answer, of which the end may be missing. Looks only at strings and nesting.
//
//     if (auto count = member_of(body, "count")) use(*count);
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventlog::forward {

// The text of the value of an object's own member, the first of that name; nothing where `json` is no object
// or has none. `name` has nothing to escape.
std::optional<std::string_view> member_of(std::string_view json, std::string_view name);

// The characters of a JSON string literal; what is no literal is returned as it is. An escaped NUL and an
// escape that stands for no character become U+FFFD.
std::string characters_of(std::string_view literal);

}  // namespace eventlog::forward
