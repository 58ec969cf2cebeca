#include "ids/uuid7.h"

#include <gtest/gtest.h>
#include <uuid/uuid.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace eventlog::ids {
namespace {

constexpr uint64_t kMaxTick = (uint64_t{1} << 60) - 1;
constexpr int64_t kMaxMillis = (int64_t{1} << 48) - 1;

std::string text_of(const Uuid& id) {
    std::string out(36, '?');
    format_uuid(id, out.data());
    return out;
}

// RFC 9562, A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F, of 22 February 2022, 14:22:22.000 in UTC-5.
TEST(Uuid7, ExampleOfTheRfc) {
    constexpr int64_t kMillis = 1645557742000;
    const Uuid id = make_uuid7(uint64_t{kMillis} << kFractionBits | 0xCC3, 0x18C4DC0C0C07398F);
    EXPECT_EQ(text_of(id), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_EQ(unix_millis_of(id), kMillis);
    EXPECT_EQ(tick_of(id), uint64_t{kMillis} << kFractionBits | 0xCC3);
}

TEST(Uuid7, TickIsTheFloorOf4096thsOfAMillisecond) {
    EXPECT_EQ(tick_from_unix_micros(0), 0u);
    EXPECT_EQ(tick_from_unix_micros(1), 4u);       // 4.096
    EXPECT_EQ(tick_from_unix_micros(125), 512u);   // exactly
    EXPECT_EQ(tick_from_unix_micros(999), 4091u);  // 4091.904
    EXPECT_EQ(tick_from_unix_micros(1000), 4096u);
    EXPECT_EQ(tick_from_unix_micros(1645557742000001), uint64_t{1645557742000} << 12 | 4);
    // In 2041 microseconds * 4096 leave 63 bits.
    EXPECT_EQ(tick_from_unix_micros(4102444800000999), uint64_t{4102444800000} << 12 | 4091);
}

TEST(Uuid7, TickOfTimesOutsideTheRange) {
    EXPECT_EQ(tick_from_unix_micros(-1), 0u);
    EXPECT_EQ(tick_from_unix_micros(std::numeric_limits<int64_t>::min()), 0u);
    EXPECT_EQ(tick_from_unix_micros(kMaxMillis * 1000 + 999), kMaxTick - 4);
    EXPECT_EQ(tick_from_unix_micros(kMaxMillis * 1000 + 1000), kMaxTick);
    EXPECT_EQ(tick_from_unix_micros(std::numeric_limits<int64_t>::max()), kMaxTick);
}

TEST(Uuid7, VersionVariantAndRoundTrip) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 10000; ++i) {
        const uint64_t tick = random() & kMaxTick;
        const Uuid id = make_uuid7(tick, random());
        ASSERT_EQ(id[6] >> 4, 7);
        ASSERT_EQ(id[8] >> 6, 2);
        ASSERT_EQ(tick_of(id), tick);
        ASSERT_EQ(unix_millis_of(id), static_cast<int64_t>(tick >> kFractionBits));
    }
}

TEST(Uuid7, RandomBitsAllUsed) {
    EXPECT_EQ(text_of(make_uuid7(0, 0)), "00000000-0000-7000-8000-000000000000");
    EXPECT_EQ(text_of(make_uuid7(kMaxTick, ~uint64_t{0})), "ffffffff-ffff-7fff-bfff-ffffffffffff");
}

TEST(Uuid7, IdsSortAsTheirTicks) {
    EXPECT_LT(make_uuid7(41, ~uint64_t{0}), make_uuid7(42, 0));
    EXPECT_LT(make_uuid7(4095, ~uint64_t{0}), make_uuid7(4096, 0));
}

TEST(Uuid7, PartitionBound) {
    EXPECT_EQ(text_of(first_uuid_of(1645557742000)), "017f22e2-79b0-0000-0000-000000000000");
    EXPECT_EQ(unix_millis_of(first_uuid_of(1645557742000)), 1645557742000);
    EXPECT_LT(first_uuid_of(1000), make_uuid7(uint64_t{1000} << kFractionBits, 0));
    EXPECT_GT(first_uuid_of(1001), make_uuid7(uint64_t{1000} << kFractionBits | 4095, ~uint64_t{0}));
    EXPECT_EQ(first_uuid_of(-1), first_uuid_of(0));
    EXPECT_EQ(first_uuid_of(kMaxMillis + 1), first_uuid_of(kMaxMillis));
}

TEST(Uuid7, PredecessorBorrows) {
    EXPECT_EQ(text_of(predecessor(first_uuid_of(1645557742000))), "017f22e2-79af-ffff-ffff-ffffffffffff");
    Uuid least{};
    Uuid greatest;
    greatest.fill(0xFF);
    Uuid below = greatest;
    below.back() = 0xFE;
    EXPECT_EQ(predecessor(greatest), below);
    EXPECT_EQ(predecessor(least), greatest);
    least.back() = 1;
    EXPECT_EQ(predecessor(least), Uuid{});
}

TEST(Uuid7, RoundestAboveIsBetween) {
    auto id = [](uint8_t first, uint8_t last) {
        Uuid made{};
        made.front() = first;
        made.back() = last;
        return made;
    };
    EXPECT_EQ(roundest_above(id(0x12, 9), id(0x1B, 7)), id(0x18, 0));
    EXPECT_EQ(roundest_above(id(0x12, 9), id(0x13, 0)), id(0x13, 0));
    EXPECT_EQ(roundest_above(id(0x12, 4), id(0x12, 5)), id(0x12, 5));
    EXPECT_EQ(roundest_above(Uuid{}, id(0, 0xFF)), id(0, 0x80));
    std::mt19937_64 random(5);
    for (int i = 0; i < 1000; ++i) {
        Uuid a = make_uuid7(random() >> 4, random());
        Uuid b = make_uuid7(random() >> 4, random());
        if (b < a) std::swap(a, b);
        const Uuid between = roundest_above(a, predecessor(b));
        EXPECT_LT(a, between);
        EXPECT_LT(between, b);
    }
}

TEST(Uuid7, MillisOfAnyVersion) {
    Uuid id{};
    id.fill(0xFF);
    EXPECT_EQ(unix_millis_of(id), kMaxMillis);
    EXPECT_EQ(unix_millis_of(Uuid{}), 0);
}

TEST(Uuid7, FormatAsLibuuid) {
    std::mt19937_64 random(11);
    for (int i = 0; i < 1000; ++i) {
        Uuid id;
        for (uint8_t& byte : id) byte = static_cast<uint8_t>(random());
        char expected[37];
        uuid_unparse_lower(id.data(), expected);
        ASSERT_EQ(text_of(id), expected);
    }
}

constexpr uint64_t kFar = 1000000;

TEST(Uuid7Clock, FollowsTimeAndNeverStandsStill) {
    std::atomic<uint64_t> clock{0};
    EXPECT_EQ(ids::advance(clock, 100, kFar), 100u);
    EXPECT_EQ(ids::advance(clock, 100, kFar), 101u);
    EXPECT_EQ(ids::advance(clock, 50, kFar), 102u);
    EXPECT_EQ(ids::advance(clock, 200, kFar), 200u);
    EXPECT_EQ(clock.load(), 200u);
}

TEST(Uuid7Clock, RaiseNeverLowers) {
    std::atomic<uint64_t> clock{100};
    raise_to(clock, 50);
    EXPECT_EQ(clock.load(), 100u);
    raise_to(clock, 100);
    EXPECT_EQ(clock.load(), 100u);
    raise_to(clock, 150);
    EXPECT_EQ(clock.load(), 150u);
    EXPECT_EQ(ids::advance(clock, 0, kFar), 151u);
}

TEST(Uuid7Clock, IsSetBackFromFarAhead) {
    std::atomic<uint64_t> clock{1000};
    EXPECT_EQ(ids::advance(clock, 900, 100), 1001u);
    EXPECT_EQ(ids::advance(clock, 901, 100), 1002u);
    EXPECT_EQ(ids::advance(clock, 901, 100), 901u);
    EXPECT_EQ(ids::advance(clock, 901, 100), 902u);
    EXPECT_EQ(ids::advance(clock, 0, 1000), 903u);
}

TEST(Uuid7Clock, StrictlyIncreasingUnderThreads) {
    constexpr size_t kThreads = 4;
    constexpr size_t kTicks = 50000;
    std::atomic<uint64_t> clock{0};
    std::vector<std::vector<uint64_t>> ticks(kThreads);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&clock, &mine = ticks[t]] {
            for (size_t i = 0; i < kTicks; ++i) {
                mine.push_back(ids::advance(clock, i / 10, kFar));
                raise_to(clock, i);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    std::vector<uint64_t> all;
    for (const auto& mine : ticks) {
        EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
        all.insert(all.end(), mine.begin(), mine.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
    EXPECT_GE(clock.load(), all.back());
}

// Fills with consecutive words, so that a word tells which request it came from.
struct Filler {
    static inline uint64_t last_word = 0;
    static inline int requests = 0;
    static inline bool works = true;

    static void reset() {
        last_word = 0;
        requests = 0;
        works = true;
    }

    static bool fill(void* bytes, size_t size) {
        ++requests;
        if (!works) return false;
        for (size_t at = 0; at < size; at += sizeof last_word) {
            ++last_word;
            std::memcpy(static_cast<char*>(bytes) + at, &last_word, sizeof last_word);
        }
        return true;
    }
};

class Uuid7Pool : public testing::Test {
  protected:
    void SetUp() override { Filler::reset(); }

    uint64_t draw(int process_id) {
        uint64_t word = 0;
        EXPECT_TRUE(pool_.next(process_id, Filler::fill, word));
        return word;
    }

    RandomPool pool_;
};

TEST_F(Uuid7Pool, GivesEachWordOnceAndAsksSeldom) {
    std::set<uint64_t> words;
    for (int i = 0; i < 2000; ++i) words.insert(draw(1));
    EXPECT_EQ(words.size(), 2000u);
    EXPECT_LT(Filler::requests, 10);
}

TEST_F(Uuid7Pool, ChildDiscardsWhatTheParentHadLeft) {
    draw(1);
    const uint64_t filled_by_parent = Filler::last_word;
    RandomPool child = pool_;
    uint64_t word = 0;
    ASSERT_TRUE(child.next(2, Filler::fill, word));
    EXPECT_GT(word, filled_by_parent);
    EXPECT_LE(draw(1), filled_by_parent);
}

TEST_F(Uuid7Pool, FailingFillGivesNothing) {
    Filler::works = false;
    uint64_t word = 17;
    EXPECT_FALSE(pool_.next(1, Filler::fill, word));
    EXPECT_FALSE(pool_.next(1, Filler::fill, word));
    EXPECT_EQ(word, 17u);
    Filler::works = true;
    EXPECT_NE(draw(1), 0u);
}

TEST_F(Uuid7Pool, FailingFillAfterAForkKeepsNothing) {
    draw(1);
    Filler::works = false;
    uint64_t word = 0;
    EXPECT_FALSE(pool_.next(2, Filler::fill, word));
    EXPECT_FALSE(pool_.next(2, Filler::fill, word));
    Filler::works = true;
    const uint64_t filled_before = Filler::last_word;
    EXPECT_GT(draw(2), filled_before);
}

}  // namespace
}  // namespace eventlog::ids
