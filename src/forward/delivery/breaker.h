// Whether a target may be sent to: the state that the endpoint's answers have put it in, when it is tried
// next, and how fast. README.md of the folder above has the table of states.
#pragma once

#include <cstdint>

#include "forward/delivery/backoff.h"
#include "forward/delivery/pace.h"

namespace eventlog::forward {

enum class TargetState : uint8_t { running, waiting, unauthorized, refused };

// The name that eventlog.targets.state holds.
const char* name_of(TargetState state);

// Times are milliseconds on the worker's clock.
class Breaker {
  public:
    TargetState state() const { return state_; }
    // Requests that may be under way at once: a single one where it is not known whether the endpoint takes
    // it.
    int allowed(int max_in_flight) const { return state_ == TargetState::running ? max_in_flight : 1; }
    // When the next request may start.
    int64_t next_attempt_ms() const;

    void sent(int64_t now_ms) { pace_.sent(now_ms); }
    // The endpoint took events that were sent at `sent_ms`. False where that says nothing: another request,
    // sent later or at the same time, has failed since.
    bool accepted(int64_t sent_ms);
    // It answered 429 to a request sent at `sent_ms`; `waits` follows.
    void limited(int64_t sent_ms, int64_t now_ms) { pace_.limited(sent_ms, now_ms); }
    // A request sent at `sent_ms` failed: it is tried again after a backoff, not before `retry_after_ms`. The
    // pause in milliseconds.
    int64_t waits(int64_t sent_ms, int64_t retry_after_ms, const BackoffLimits& limits, uint64_t random,
                  int64_t now_ms);
    // Someone has to mend it: `unauthorized` or `refused`, tried again at the longest backoff. The pause.
    int64_t stops(TargetState state, const BackoffLimits& limits, uint64_t random, int64_t now_ms);
    // The reason of the trouble is gone: as if nothing had happened.
    void reset();

  private:
    TargetState state_ = TargetState::running;
    Backoff backoff_;
    Pace pace_;
    int64_t next_attempt_ms_ = 0;
    int64_t failed_ms_ = INT64_MIN;
};

}  // namespace eventlog::forward
