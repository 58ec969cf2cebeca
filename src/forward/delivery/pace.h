// The rate limit of a target whose endpoint has answered 429. Each 429 halves the rate of requests. Each
// request that is taken raises it again by a twentieth of the rate that was too high, up to twice that rate.
#pragma once

#include <cstdint>

namespace eventlog::forward {

// All times are milliseconds on one clock that does not step back.
class Pace {
  public:
    // Records that a request starts.
    void sent(int64_t now_ms);
    // Records that the endpoint answered 429 to a request that was sent at `sent_ms`. Requests that were
    // under way at the same time count once.
    void limited(int64_t sent_ms, int64_t now_ms);
    void accepted();
    // Returns the time at which the next request may start; 0 means at once.
    int64_t next_ms() const;

  private:
    static constexpr int64_t kNever = INT64_MIN;
    static constexpr double kShortestMs = 10;  // interval between two requests of a limited target
    static constexpr double kLongestMs = 60000;
    // A longer pause had other reasons than the endpoint's limit.
    static constexpr double kLongestGapMs = 1000;

    int64_t sent_ms_ = kNever;
    int64_t limited_ms_ = kNever;
    double gap_ms_ = kLongestGapMs;  // moving average of the time between two requests
    double interval_ms_ = 0;         // required interval between two requests; 0 for none
    double too_short_ms_ = 0;        // the interval at which the endpoint answered 429
};

}  // namespace eventlog::forward
