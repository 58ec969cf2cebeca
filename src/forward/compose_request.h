// The request that carries events to a target, or a probe of it.
#pragma once

#include "pg/server.h"

#include "forward/http_request.h"

namespace eventlog::forward {

// Composes a request of the target with this body, adds its credentials, and signs and compresses it.
// `event_headers` are the lines that the event adds. If the request cannot be made, returns false and stores
// the reason in `problem`.
bool compose_request(const TargetOptions& options, const Attempt& attempt, std::string body,
                     std::span<const std::string> event_headers, Outgoing& outgoing, Credentials& credentials,
                     std::string& problem);

}  // namespace eventlog::forward
