// The key of a target, fetched when it is about to be sent: a file or variable may change while the worker
// runs.
#pragma once

#include <string>

#include "forward/options.h"

namespace eventlog::forward {

inline constexpr size_t kMaxKeyBytes = 8192;

// Stores the key in `key`, empty where the target has none; false when it cannot be had, and then `problem`
// says why, without a word of what was read. White space at the end of a file is no part of its key.
bool fetch_key(const TargetOptions& options, std::string& key, std::string& problem);

// `text` with stars for every one of the secrets: an endpoint may repeat what it was sent.
std::string without_secrets(const std::vector<std::string>& secrets, std::string text);

}  // namespace eventlog::forward
