#include "forward/delivery/backoff.h"

#include <algorithm>

namespace eventlog::forward {

namespace {

int64_t step_after(const BackoffLimits& limits, int failures) {
    int64_t step = limits.first_ms;
    for (; failures > 0 && step < limits.longest_ms; --failures) {
        step = step > limits.longest_ms / 2 ? limits.longest_ms : step * 2;
    }
    return std::min(step, limits.longest_ms);
}

int64_t between_half_and_all(int64_t step, uint64_t random) {
    const int64_t half = step / 2;
    return half + static_cast<int64_t>(random % static_cast<uint64_t>(step - half + 1));
}

}  // namespace

int64_t Backoff::after_failure(const BackoffLimits& limits, int64_t retry_after_ms, uint64_t random) {
    const int64_t step = step_after(limits, failures_);
    ++failures_;
    return std::max(between_half_and_all(step, random), std::min(retry_after_ms, limits.longest_wish_ms));
}

int64_t Backoff::when_stopped(const BackoffLimits& limits, uint64_t random) {
    ++failures_;
    return between_half_and_all(limits.longest_ms, random);
}

}  // namespace eventlog::forward
