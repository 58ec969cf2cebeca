#include "forward/encode/verdict.h"

namespace eventlog::forward {

Verdict judge_status(long status) {
    if (status >= 200 && status <= 299) return Verdict::accepted;
    if (status >= 500 && status <= 599) return Verdict::retry;
    switch (status) {
        case 0:
        case 408:
        case 429:
            return Verdict::retry;
        case 400:
        case 422:
            return Verdict::event_refused;
        case 413:
            return Verdict::too_large;
        case 401:
        case 403:
            return Verdict::unauthorized;
        default:
            return Verdict::wrong_address;
    }
}

}  // namespace eventlog::forward
