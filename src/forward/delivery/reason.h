// An endpoint's answer as text that every text column takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace eventlog::forward {

// `bytes` as valid UTF-8 (RFC 3629) without NUL, cut before the character that would pass `max_bytes`. A NUL,
// and each byte that belongs to no valid character, becomes U+FFFD.
std::string readable_text(std::string_view bytes, size_t max_bytes);

}  // namespace eventlog::forward
