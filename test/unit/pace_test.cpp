#include "forward/delivery/pace.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace eventlog::forward {
namespace {

// Sends `requests` as fast as the pace allows, `fastest_ms` apart at the least; the clock after the last.
int64_t send(Pace& pace, int requests, int64_t fastest_ms, int64_t now_ms) {
    for (int i = 0; i < requests; ++i) {
        now_ms = std::max(now_ms + fastest_ms, pace.next_ms());
        pace.sent(now_ms);
        pace.accepted();
    }
    return now_ms;
}

TEST(Pace, IsFreeUntilTheEndpointComplains) {
    Pace pace;
    EXPECT_EQ(pace.next_ms(), 0);
    send(pace, 100, 1, 0);
    EXPECT_EQ(pace.next_ms(), 0);
}

TEST(Pace, HalvesTheRateOfTheLastRequests) {
    Pace pace;
    const int64_t now = send(pace, 100, 40, 0);
    pace.limited(now, now + 5);
    EXPECT_NEAR(static_cast<double>(pace.next_ms() - now), 80, 1);
}

TEST(Pace, HalvesItAgainEachTime) {
    Pace pace;
    int64_t now = send(pace, 100, 40, 0);
    for (const double interval : {80, 160, 320, 640}) {
        pace.limited(now, now + 1);
        EXPECT_NEAR(static_cast<double>(pace.next_ms() - now), interval, 1);
        now = pace.next_ms();
        pace.sent(now);
    }
    for (int i = 0; i < 100; ++i) {
        pace.limited(now, now + 1);
        now = pace.next_ms();
        pace.sent(now);
    }
    EXPECT_EQ(pace.next_ms() - now, 60000) << "not below one a minute";
}

TEST(Pace, CountsRequestsUnderWayTogetherOnce) {
    Pace pace;
    const int64_t now = send(pace, 100, 40, 0);
    for (int i = 0; i < 8; ++i) pace.limited(now, now + 5 + i);
    EXPECT_NEAR(static_cast<double>(pace.next_ms() - now), 80, 1);
}

TEST(Pace, TakesALongPauseForNoLimit) {
    Pace pace;
    pace.sent(0);
    pace.sent(3600000);
    pace.limited(3600000, 3600001);
    EXPECT_LE(pace.next_ms() - 3600000, 2000);
}

TEST(Pace, GrowsBackAndBecomesFree) {
    Pace pace;
    int64_t now = send(pace, 100, 40, 0);
    pace.limited(now, now);
    now = send(pace, 10, 1, now);
    EXPECT_NEAR(static_cast<double>(pace.next_ms() - now), 40, 1) << "ten steps of a twentieth: the old rate";
    send(pace, 21, 1, now);
    EXPECT_EQ(pace.next_ms(), 0) << "twice that";
}

// An endpoint that takes a request each 100 ms and refuses what comes sooner.
TEST(Pace, KeepsNearALimit) {
    Pace pace;
    int64_t now = 0;
    int64_t taken_ms = 0;
    int taken = 0;
    int refused = 0;
    while (now < 600000) {
        now = std::max(now + 1, pace.next_ms());
        pace.sent(now);
        if (now - taken_ms >= 100) {
            taken_ms = now;
            ++taken;
            pace.accepted();
        } else {
            ++refused;
            pace.limited(now, now);
        }
    }
    EXPECT_GT(taken, 3500) << "of 6000";
    EXPECT_LT(refused, taken / 5);
}

}  // namespace
}  // namespace eventlog::forward
