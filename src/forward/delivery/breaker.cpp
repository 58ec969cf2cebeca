#include "forward/delivery/breaker.h"

#include <algorithm>

namespace eventlog::forward {

const char* name_of(TargetState state) {
    switch (state) {
        case TargetState::running:
            return "running";
        case TargetState::waiting:
            return "waiting";
        case TargetState::unauthorized:
            return "unauthorized";
        case TargetState::refused:
            return "refused";
    }
    return "";
}

int64_t Breaker::next_attempt_ms() const {
    return std::max(next_attempt_ms_, pace_.next_ms());
}

bool Breaker::accepted(int64_t sent_ms) {
    pace_.accepted();
    if (sent_ms < failed_ms_) return false;
    reset();
    return true;
}

int64_t Breaker::waits(int64_t sent_ms, int64_t retry_after_ms, const BackoffLimits& limits, uint64_t random,
                       int64_t now_ms) {
    // If several requests that were under way at the same time fail, the first failure counts.
    const bool counts = sent_ms >= failed_ms_;
    const int64_t wish = std::min(retry_after_ms, limits.longest_wish_ms);
    const int64_t pause = counts ? backoff_.after_failure(limits, retry_after_ms, random)
                                 : std::max(wish, next_attempt_ms_ - now_ms);
    if (counts || state_ == TargetState::running) state_ = TargetState::waiting;
    failed_ms_ = now_ms;
    next_attempt_ms_ = now_ms + pause;
    return pause;
}

int64_t Breaker::stops(TargetState state, const BackoffLimits& limits, uint64_t random, int64_t now_ms) {
    const int64_t pause = backoff_.when_stopped(limits, random);
    state_ = state;
    failed_ms_ = now_ms;
    next_attempt_ms_ = now_ms + pause;
    return pause;
}

void Breaker::reset() {
    backoff_.succeeded();
    state_ = TargetState::running;
    next_attempt_ms_ = 0;
    failed_ms_ = INT64_MIN;
}

}  // namespace eventlog::forward
