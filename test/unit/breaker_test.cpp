#include "forward/delivery/breaker.h"

#include <gtest/gtest.h>

#include <string_view>

namespace eventlog::forward {
namespace {

constexpr BackoffLimits kLimits{.first_ms = 200, .longest_ms = 60000};
constexpr uint64_t kShortest = 0;  // random bits that pick the shortest pause of a step

TEST(Breaker, LetsAsManyRequestsPassAsTheTargetMayHave) {
    Breaker breaker;
    EXPECT_EQ(breaker.state(), TargetState::running);
    EXPECT_EQ(breaker.allowed(8), 8);
    EXPECT_EQ(breaker.next_attempt_ms(), 0);
}

TEST(Breaker, TriesWithOneRequestAfterAFailure) {
    Breaker breaker;
    EXPECT_EQ(breaker.waits(1000, 0, kLimits, kShortest, 1500), 100);
    EXPECT_EQ(breaker.state(), TargetState::waiting);
    EXPECT_EQ(breaker.allowed(8), 1);
    EXPECT_EQ(breaker.next_attempt_ms(), 1600);
    EXPECT_TRUE(breaker.accepted(1600));
    EXPECT_EQ(breaker.state(), TargetState::running);
    EXPECT_EQ(breaker.allowed(8), 8);
    EXPECT_EQ(breaker.next_attempt_ms(), 0);
    EXPECT_EQ(breaker.waits(2000, 0, kLimits, kShortest, 2000), 100) << "a success starts the backoff anew";
}

TEST(Breaker, CountsRequestsThatFailTogetherOnce) {
    Breaker breaker;
    for (int i = 0; i < 8; ++i) breaker.waits(1000 + i, 0, kLimits, kShortest, 1100 + i);
    EXPECT_EQ(breaker.next_attempt_ms(), 1200);
    EXPECT_EQ(breaker.waits(1300, 0, kLimits, kShortest, 1300), 200) << "the second failure";
}

TEST(Breaker, ObeysTheLongestRetryAfterOfRequestsThatFailTogether) {
    Breaker breaker;
    breaker.waits(1000, 0, kLimits, kShortest, 1100);
    breaker.waits(1000, 5000, kLimits, kShortest, 1100);
    breaker.waits(1000, 3000, kLimits, kShortest, 1200);
    EXPECT_EQ(breaker.next_attempt_ms(), 6100);
}

TEST(Breaker, TakesASuccessOfARequestSentBeforeAFailureForNoSign) {
    Breaker breaker;
    breaker.waits(1000, 30000, kLimits, kShortest, 1100);
    EXPECT_FALSE(breaker.accepted(1050));
    EXPECT_EQ(breaker.state(), TargetState::waiting);
    EXPECT_EQ(breaker.next_attempt_ms(), 31100);
}

TEST(Breaker, StopsAtTheLongestBackoff) {
    for (const TargetState state : {TargetState::unauthorized, TargetState::refused}) {
        Breaker breaker;
        EXPECT_EQ(breaker.stops(state, kLimits, kShortest, 1000), 30000);
        EXPECT_EQ(breaker.state(), state);
        EXPECT_EQ(breaker.allowed(8), 1);
        EXPECT_EQ(breaker.next_attempt_ms(), 31000);
        breaker.waits(900, 0, kLimits, kShortest, 1001);
        EXPECT_EQ(breaker.state(), state) << "a request sent before says less";
        EXPECT_EQ(breaker.next_attempt_ms(), 31000);
        breaker.reset();
        EXPECT_EQ(breaker.state(), TargetState::running);
        EXPECT_EQ(breaker.next_attempt_ms(), 0);
    }
}

TEST(Breaker, KeepsThePaceWhenItRunsAgain) {
    Breaker breaker;
    for (int64_t now = 0; now <= 4000; now += 40) breaker.sent(now);
    breaker.limited(4000, 4000);
    breaker.waits(4000, 0, kLimits, kShortest, 4000);
    EXPECT_EQ(breaker.next_attempt_ms(), 4100);
    breaker.sent(4100);
    EXPECT_TRUE(breaker.accepted(4100));
    EXPECT_GT(breaker.next_attempt_ms(), 4160);
}

TEST(Breaker, NamesItsStatesAsTheCatalogDoes) {
    EXPECT_EQ(std::string_view(name_of(TargetState::running)), "running");
    EXPECT_EQ(std::string_view(name_of(TargetState::waiting)), "waiting");
    EXPECT_EQ(std::string_view(name_of(TargetState::unauthorized)), "unauthorized");
    EXPECT_EQ(std::string_view(name_of(TargetState::refused)), "refused");
}

}  // namespace
}  // namespace eventlog::forward
