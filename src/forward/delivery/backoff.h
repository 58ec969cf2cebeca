// When to try again: exponential backoff with jitter, and the endpoint's own wish.
#pragma once

#include <cstdint>

namespace eventlog::forward {

struct BackoffLimits {
    int64_t first_ms = 200;
    int64_t longest_ms = 60000;          // eventlog.max_retry_interval
    int64_t longest_wish_ms = 86400000;  // a Retry-After above a day is taken as a day
};

class Backoff {
  public:
    // Milliseconds to wait after one more failure: between half and all of min(longest, first * 2^failures),
    // never less than `retry_after_ms` (0: the endpoint named none). `random` is any 64 random bits.
    int64_t after_failure(const BackoffLimits& limits, int64_t retry_after_ms, uint64_t random);
    // The same at the longest step: a target that is stopped until someone mends it.
    int64_t when_stopped(const BackoffLimits& limits, uint64_t random);
    void succeeded() { failures_ = 0; }
    int failures() const { return failures_; }

  private:
    int failures_ = 0;
};

}  // namespace eventlog::forward
