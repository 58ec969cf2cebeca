// A probe of a target's endpoint: how far a request gets, and what the endpoint answers.
#pragma once

#include "pg/server.h"

#include "forward/target_store.h"

namespace eventlog::forward {

// One thing that was tested. `ok` is absent if it could not be told whether it is in order.
struct ProbeStep {
    const char* step;
    std::optional<bool> ok;
    std::string detail;
};

// Sends the endpoint a request without events, or only connects if the format has no such request, for at
// most the target's timeout_ms. Secrets in what the endpoint answers are replaced by stars. Throws
// pg::ServerError when the query is cancelled.
std::vector<ProbeStep> probe(const Declaration& declaration);

}  // namespace eventlog::forward
