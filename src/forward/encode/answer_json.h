// Reads the JSON of an answer whose end may be missing. It looks only at strings and nesting.
//
//     if (auto count = member_of(body, "count")) use(*count);
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventlog::forward {

// Returns the text of the value of the first member of that name. Returns nothing if `json` is no object or
// has no such member at its top level. `name` must not contain characters that JSON escapes.
std::optional<std::string_view> member_of(std::string_view json, std::string_view name);

// Appends the character for which the JSON escape at the start of `text` stands, and returns the length of
// the escape. An escaped NUL, and an escape that stands for no character, yield U+FFFD. `text` must begin
// with a backslash.
size_t append_escaped(std::string& out, std::string_view text);

// Returns the characters of a JSON string literal. A text that is no such literal is returned unchanged. An
// escaped NUL, and an escape that stands for no character, become U+FFFD.
std::string characters_of(std::string_view literal);

}  // namespace eventlog::forward
