// How fast a target may be sent to whose endpoint has answered 429: its rate is halved each time, and grows
// again with each request that is taken, by a twentieth of the rate that was too much, until it is twice
// that.
#pragma once

#include <cstdint>

namespace eventlog::forward {

// Times are milliseconds on any one clock that does not step back.
class Pace {
  public:
    // A request starts.
    void sent(int64_t now_ms);
    // The endpoint answered 429 to a request that was sent at `sent_ms`. Requests under way at the same time
    // count once.
    void limited(int64_t sent_ms, int64_t now_ms);
    void accepted();
    // When the next request may start; 0: at once.
    int64_t next_ms() const;

  private:
    static constexpr int64_t kNever = INT64_MIN;
    static constexpr double kShortestMs = 10;  // between two requests, once limited
    static constexpr double kLongestMs = 60000;
    static constexpr double kLongestGapMs =
        1000;  // a longer pause had other reasons than the endpoint's limit

    int64_t sent_ms_ = kNever;
    int64_t limited_ms_ = kNever;
    double gap_ms_ = kLongestGapMs;  // moving average of the time between two requests
    double interval_ms_ = 0;         // to be kept between two requests; 0: none
    double too_short_ms_ = 0;        // the interval at which the endpoint said 429
};

}  // namespace eventlog::forward
