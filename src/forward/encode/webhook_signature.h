// The signature of the Standard Webhooks specification 1.0, which is HMAC-SHA256 over id, timestamp and body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::forward {

// Returns the key of a secret `whsec_<base64>` (the prefix may be missing), or nothing if it is not such a
// secret. The specification requires 24 to 64 bytes.
std::optional<std::string> signing_key(std::string_view secret);

// Adds the header lines webhook-id, webhook-timestamp (seconds since the epoch) and webhook-signature.
// Returns false if the cryptographic library fails.
bool add_signature(std::vector<std::string>& headers, std::string_view key, std::string_view id,
                   int64_t unix_seconds, std::string_view body);

}  // namespace eventlog::forward
