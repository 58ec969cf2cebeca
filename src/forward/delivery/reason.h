// Conversion of an endpoint's answer to text that every text column accepts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace eventlog::forward {

// Returns `bytes` as valid UTF-8 (RFC 3629) without NUL, cut before the character that would exceed
// `max_bytes`. A NUL, and each byte that does not belong to a valid character, becomes U+FFFD.
std::string readable_text(std::string_view bytes, size_t max_bytes);

}  // namespace eventlog::forward
