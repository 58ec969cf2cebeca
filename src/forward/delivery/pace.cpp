#include "forward/delivery/pace.h"

#include <algorithm>
#include <cmath>

namespace eventlog::forward {

void Pace::sent(int64_t now_ms) {
    constexpr double kWeight = 0.2;
    if (sent_ms_ != kNever) {
        const double gap = std::clamp(static_cast<double>(now_ms - sent_ms_), 0.0, kLongestGapMs);
        gap_ms_ += kWeight * (gap - gap_ms_);
    }
    sent_ms_ = now_ms;
}

void Pace::limited(int64_t sent_ms, int64_t now_ms) {
    if (limited_ms_ != kNever && sent_ms <= limited_ms_) return;
    limited_ms_ = now_ms;
    too_short_ms_ = std::max(interval_ms_ > 0 ? interval_ms_ : gap_ms_, kShortestMs / 2);
    interval_ms_ = std::min(2 * too_short_ms_, kLongestMs);
}

void Pace::accepted() {
    constexpr double kGrowth = 0.05;
    if (interval_ms_ <= 0) return;
    const double rate = 1 / interval_ms_ + kGrowth / too_short_ms_;
    interval_ms_ = rate > 2 / too_short_ms_ ? 0 : 1 / rate;
}

int64_t Pace::next_ms() const {
    if (interval_ms_ <= 0 || sent_ms_ == kNever) return 0;
    return sent_ms_ + static_cast<int64_t>(std::ceil(interval_ms_));
}

}  // namespace eventlog::forward
