// The meaning of an endpoint's answer for the events of the request.
#pragma once

#include <cstdint>
#include <string>

namespace eventlog::forward {

enum class Verdict : uint8_t {
    accepted,
    retry,          // 408, 429, 5xx, a lost connection, a 2xx without success: send again later, unchanged
    event_refused,  // 400, 422: one of the events is at fault
    too_large,      // 413: send fewer events per request
    unauthorized,   // 401, 403: the credentials are at fault
    wrong_address,  // 3xx, 404, 405, 410, 415 and any other status: the target is at fault
};

// The judgement of a format on an answer.
struct Judgement {
    Verdict verdict = Verdict::retry;
    uint64_t rejected = 0;  // events of an accepted request that the endpoint says it left out
    std::string note;       // what the endpoint says about them, or why a 2xx is no success
};

// Returns the verdict of the HTTP status alone, which a format's judge refines by the body.
Verdict judge_status(long status);

}  // namespace eventlog::forward
