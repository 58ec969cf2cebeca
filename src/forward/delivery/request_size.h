// The number of events that a request to one target may hold, as learned from 413 answers. After a 413 it is
// half of the number that was too large; after a series of accepted requests it is doubled again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace eventlog::forward {

class RequestSize {
  public:
    // Returns the limit in events, or SIZE_MAX if the endpoint has never answered 413.
    size_t limit() const { return limit_; }

    // Records a 413 answer to a request of `events` (at least 2) events.
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
