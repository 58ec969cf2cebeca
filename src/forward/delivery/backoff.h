// The pause before the next attempt: exponential backoff with jitter, and the pause that the endpoint asks
// for.
#pragma once

#include <cstdint>

namespace eventlog::forward {

struct BackoffLimits {
    int64_t first_ms = 200;
    int64_t longest_ms = 60000;          // eventlog.max_retry_interval
    int64_t longest_wish_ms = 86400000;  // a Retry-After above one day counts as one day
};

class Backoff {
  public:
    // Returns the milliseconds to wait after another failure: a random time between half and all of
    // min(longest, first * 2^failures), but at least `retry_after_ms` (0 if the endpoint named no time).
    // `random` is any 64 random bits.
    int64_t after_failure(const BackoffLimits& limits, int64_t retry_after_ms, uint64_t random);
    // Returns the pause at the longest step, for a target that is stopped until a person resolves the
    // problem.
    int64_t when_stopped(const BackoffLimits& limits, uint64_t random);
    void succeeded() { failures_ = 0; }
    int failures() const { return failures_; }

  private:
    int failures_ = 0;
};

}  // namespace eventlog::forward
