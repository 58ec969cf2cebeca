// The validity of UTF-8 (RFC 3629, section 4).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::jsonb {

// Returns the length in bytes of the valid character at the start of `bytes`, or 0 if there is none. A NUL
// counts as none. `bytes` must not be empty.
size_t character_size(std::string_view bytes);

bool is_utf8(std::string_view text);
// Returns whether every key and every string of the document is valid. Never recurses.
bool is_utf8(const Container& document);

// Writes `text` with each byte that is part of no character as \xNN, and returns the size. `out` has room for
// kEscapedByte times the size of `text`.
inline constexpr size_t kEscapedByte = 4;
size_t escape_invalid(std::string_view text, char* out);
std::string escape_invalid(std::string_view text);

}  // namespace eventlog::jsonb
