// The signature of the Standard Webhooks specification 1.0: HMAC-SHA256 over id, timestamp and body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::forward {

// The key of a secret `whsec_<base64>` (the prefix may be missing), 24 to 64 bytes as the specification has
// it; nothing when it is none.
std::optional<std::string> signing_key(std::string_view secret);

// Adds the header lines webhook-id, webhook-timestamp (seconds since the epoch) and webhook-signature. False
// when the library fails.
bool add_signature(std::vector<std::string>& headers, std::string_view key, std::string_view id,
                   int64_t unix_seconds, std::string_view body);

}  // namespace eventlog::forward
