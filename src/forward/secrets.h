// The credentials of a target, put together when they are about to be sent: a file or variable may change
// while the worker runs, and nothing of them stays in memory after the request but what the catalog holds.
#pragma once

#include <string>

#include "forward/options.h"
#include "forward/secret_texts.h"

namespace eventlog::forward {

inline constexpr size_t kMaxKeyBytes = 65536;

struct Credentials {
    SecretTexts headers;        // whole lines
    SecretTexts proxy_headers;  // lines that the proxy alone gets
    SecretTexts secrets;        // what an answer may repeat of them
};

// Puts the credentials of the target together; false when its key cannot be had, and then `problem` says why,
// without a word of what was read. White space at the end of a file is no part of its key.
bool fetch_credentials(const TargetOptions& options, Credentials& credentials, std::string& problem);

// `text` with stars for every one of the secrets: an endpoint may repeat what it was sent.
std::string without_secrets(const SecretTexts& secrets, std::string text);

}  // namespace eventlog::forward
