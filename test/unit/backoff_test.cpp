#include "forward/delivery/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>

namespace eventlog::forward {
namespace {

// Random bits that pick the shortest and the longest wait of a step: the wait is half + random % (step - half
// + 1).
constexpr uint64_t kShortest = 0;
uint64_t longest_of(int64_t step) {
    return static_cast<uint64_t>(step - step / 2);
}

TEST(Backoff, DoublesFromTheFirstStepToTheLongest) {
    const BackoffLimits limits{.first_ms = 200, .longest_ms = 60000};
    Backoff shortest;
    Backoff longest;
    for (const int64_t step : {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 60000}) {
        EXPECT_EQ(shortest.after_failure(limits, 0, kShortest), step / 2);
        EXPECT_EQ(longest.after_failure(limits, 0, longest_of(step)), step);
    }
}

TEST(Backoff, WaitsAreSpreadBetweenHalfAndAllOfTheStep) {
    const BackoffLimits limits{.first_ms = 1000, .longest_ms = 1000};
    std::mt19937_64 random(1);
    Backoff backoff;
    int64_t least = limits.longest_ms;
    int64_t most = 0;
    for (int i = 0; i < 20000; ++i) {
        const int64_t wait = backoff.after_failure(limits, 0, random());
        least = std::min(least, wait);
        most = std::max(most, wait);
    }
    EXPECT_EQ(least, 500);
    EXPECT_EQ(most, 1000);
}

TEST(Backoff, ObeysALongerRetryAfter) {
    Backoff backoff;
    EXPECT_EQ(backoff.after_failure({}, 5000, kShortest), 5000);
    EXPECT_EQ(backoff.after_failure({}, 600000, kShortest), 600000) << "above the longest own step";
}

TEST(Backoff, KeepsItsOwnStepWhenRetryAfterIsShorter) {
    Backoff backoff;
    EXPECT_EQ(backoff.after_failure({.first_ms = 1000}, 10, kShortest), 500);
    EXPECT_EQ(backoff.after_failure({.first_ms = 1000}, -1, kShortest), 1000);
}

TEST(Backoff, TakesARetryAfterAboveADayAsADay) {
    Backoff backoff;
    EXPECT_EQ(backoff.after_failure({}, INT64_MAX, kShortest), 86400000);
}

TEST(Backoff, SuccessStartsAnew) {
    Backoff backoff;
    for (int i = 0; i < 5; ++i) backoff.after_failure({}, 0, kShortest);
    EXPECT_EQ(backoff.failures(), 5);
    backoff.succeeded();
    EXPECT_EQ(backoff.failures(), 0);
    EXPECT_EQ(backoff.after_failure({}, 0, kShortest), 100);
}

TEST(Backoff, AStoppedTargetIsTriedAtTheLongestStep) {
    Backoff backoff;
    EXPECT_EQ(backoff.when_stopped({}, kShortest), 30000);
    EXPECT_EQ(backoff.when_stopped({}, longest_of(60000)), 60000);
    EXPECT_EQ(backoff.failures(), 2);
}

TEST(Backoff, ManyFailuresStayAtTheLongestStep) {
    Backoff backoff;
    for (int i = 0; i < 10000; ++i) ASSERT_LE(backoff.after_failure({}, 0, ~uint64_t{0}), 60000);
    EXPECT_GE(backoff.after_failure({}, 0, kShortest), 30000);
}

TEST(Backoff, TheLongestPossibleLimitDoesNotOverflow) {
    const BackoffLimits limits{.first_ms = 1, .longest_ms = INT64_MAX};
    Backoff backoff;
    for (int i = 0; i < 200; ++i) ASSERT_GE(backoff.after_failure(limits, 0, ~uint64_t{0}), 0);
    EXPECT_EQ(backoff.after_failure(limits, 0, kShortest), INT64_MAX / 2);
}

TEST(Backoff, AFirstStepAboveTheLongestIsTheLongest) {
    Backoff backoff;
    EXPECT_EQ(backoff.after_failure({.first_ms = 500, .longest_ms = 100}, 0, longest_of(100)), 100);
}

}  // namespace
}  // namespace eventlog::forward
