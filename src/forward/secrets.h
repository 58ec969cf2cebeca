// The credentials of a target. They are assembled immediately before a request, because a file or variable
// may change while the worker runs, and because no secret may stay in memory after the request, except what
// the catalog itself holds.
#pragma once

#include <string>

#include "forward/options.h"
#include "forward/secret_texts.h"

namespace eventlog::forward {

inline constexpr size_t kMaxKeyBytes = 65536;

struct Credentials {
    SecretTexts headers;        // whole lines
    SecretTexts proxy_headers;  // lines that only the proxy gets
    SecretTexts secrets;        // the parts of them that an answer may repeat
};

// Assembles the credentials of the target. If its key cannot be read, returns false and stores the reason in
// `problem`, which contains nothing of what was read. White space at the end of a file does not belong to the
// key.
bool fetch_credentials(const TargetOptions& options, Credentials& credentials, std::string& problem);

// Returns why the key of the options cannot be read, or an empty text.
std::string problem_of_key(const TargetOptions& options);

// Returns why a file of this option cannot be read, or an empty text.
std::string problem_of_file(std::string_view option, const std::string& path);

// Returns `text` with stars in place of every secret, because an endpoint may repeat what it was sent. A
// secret that is spelled with escapes of JSON is found too. If the end of `text` is missing (`is_cut`), the
// beginning of a secret at its end is also replaced.
std::string without_secrets(const SecretTexts& secrets, std::string_view text, bool is_cut = false);

}  // namespace eventlog::forward
