// The circuit breaker of a target: the state that results from the endpoint's answers, the time of the next
// attempt, and the rate of requests. README.md of the parent folder has the table of states.
#pragma once

#include <cstdint>

#include "forward/delivery/backoff.h"
#include "forward/delivery/pace.h"

namespace eventlog::forward {

enum class TargetState : uint8_t { running, waiting, unauthorized, refused };

// Returns the name of the state in eventlog.targets.state.
const char* name_of(TargetState state);

// All times are milliseconds on the worker's clock.
class Breaker {
  public:
    TargetState state() const { return state_; }
    // Returns how many requests may be under way at once. While it is not known whether the endpoint takes
    // requests, only one may be.
    int allowed(int max_in_flight) const { return state_ == TargetState::running ? max_in_flight : 1; }
    // Returns the time at which the next request may start.
    int64_t next_attempt_ms() const;

    void sent(int64_t now_ms) { pace_.sent(now_ms); }
    // Records that the endpoint took events that were sent at `sent_ms`. Returns false and changes nothing if
    // a request that was sent at that time or later has failed since.
    bool accepted(int64_t sent_ms);
    // Records that the endpoint answered 429 to a request sent at `sent_ms`. A call of `waits` must follow.
    void limited(int64_t sent_ms, int64_t now_ms) { pace_.limited(sent_ms, now_ms); }
    // Records that a request sent at `sent_ms` failed. It is tried again after a backoff, but not before
    // `retry_after_ms`. Returns the pause in milliseconds.
    int64_t waits(int64_t sent_ms, int64_t retry_after_ms, const BackoffLimits& limits, uint64_t random,
                  int64_t now_ms);
    // Enters the state `unauthorized` or `refused`, which a person has to resolve. The target is tried again
    // at the longest backoff. Returns the pause in milliseconds.
    int64_t stops(TargetState state, const BackoffLimits& limits, uint64_t random, int64_t now_ms);
    // Returns to the initial state, because the reason of the trouble is gone.
    void reset();

  private:
    TargetState state_ = TargetState::running;
    Backoff backoff_;
    Pace pace_;
    int64_t next_attempt_ms_ = 0;
    int64_t failed_ms_ = INT64_MIN;
};

}  // namespace eventlog::forward
