// How many events a request to one target may hold, as its endpoint has shown with 413: half of what was too
// many, and after a while of requests that were taken twice that again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace eventlog::forward {

class RequestSize {
  public:
    // Events a request may hold: SIZE_MAX where the endpoint has not complained.
    size_t limit() const { return limit_; }

    // 413 to a request of `events`, two or more.
    void too_large(size_t events) {
        limit_ = std::min(limit_, std::max(events / 2, size_t{1}));
        taken_ = 0;
    }

    void accepted() {
        if (limit_ == SIZE_MAX || ++taken_ < kTryLargerAfter) return;
        limit_ = limit_ > SIZE_MAX / 2 ? SIZE_MAX : limit_ * 2;
        taken_ = 0;
    }

  private:
    static constexpr int kTryLargerAfter = 100;

    size_t limit_ = SIZE_MAX;
    int taken_ = 0;
};

}  // namespace eventlog::forward
