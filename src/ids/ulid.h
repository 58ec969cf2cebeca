// ULID text of 128 bits: Crockford base 32, 26 characters (github.com/ulid/spec).
#pragma once

#include <optional>
#include <string_view>

#include "ids/uuid7.h"

namespace eventlog::ids {

inline constexpr size_t kUlidLength = 26;

// Writes the 26 upper-case characters, without a terminating NUL.
void format_ulid(const Uuid& id, char* out26);
// Reads 26 characters. Lower case is accepted, i and l are read as 1, and o as 0. Returns nothing if the
// length or a character is wrong, or if the first character is above 7 (more than 128 bits).
std::optional<Uuid> parse_ulid(std::string_view text);

}  // namespace eventlog::ids
