#include "event/iso8601.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kDay = 86400 * kSecond;
constexpr Micros kTime = 1'795'162'530 * kSecond;  // 2026-11-20T08:15:30Z

struct TimeCase {
    std::string_view text;
    Micros time;
};

constexpr TimeCase kReadable[] = {
    {"2026-11-20T08:15:30Z", kTime},
    {"2026-11-20t08:15:30z", kTime},
    {"2026-11-20 08:15:30Z", kTime},
    {"2026-11-20T08:15:30", kTime},
    {"2026-11-20T08:15Z", kTime - 30 * kSecond},
    {"2026-11-20T08:15", kTime - 30 * kSecond},
    {"2026-11-20", kTime / kDay* kDay},
    // Fractions, and their rounding.
    {"2026-11-20T08:15:30.1Z", kTime + 100'000},
    {"2026-11-20T08:15:30.250Z", kTime + 250'000},
    {"2026-11-20T08:15:30,250Z", kTime + 250'000},
    {"2026-11-20T08:15:30.000001", kTime + 1},
    {"2026-11-20T08:15:30.123456Z", kTime + 123'456},
    {"2026-11-20T08:15:30.1234564Z", kTime + 123'456},
    {"2026-11-20T08:15:30.1234565Z", kTime + 123'457},
    {"2026-11-20T08:15:30.123456499999999999999Z", kTime + 123'456},
    {"2026-11-20T08:15:30.999999999Z", kTime + kSecond},
    // Offsets.
    {"2026-11-20T09:15:30+01:00", kTime},
    {"2026-11-20T09:15:30+0100", kTime},
    {"2026-11-20T09:15:30+01", kTime},
    {"2026-11-20T08:15:30-00:00", kTime},
    {"2026-11-20T13:45:30+05:30", kTime},
    {"2026-11-20T03:15:30.5-05", kTime + 500'000},
    {"2026-11-21T00:14:30+15:59", kTime},
    {"2026-11-19T16:16:30-15:59", kTime},
    {"2026-11-20T09:15+01:00", kTime - 30 * kSecond},
    // Ends of days, years and of the range.
    {"2026-11-19T24:00:00Z", kTime / kDay* kDay},
    {"2026-11-19T24:00", kTime / kDay* kDay},
    {"2026-11-19T24:00:00.000", kTime / kDay* kDay},
    {"2016-12-31T23:59:60Z", 1'483'228'800 * kSecond},
    {"2016-12-31T23:59:60.5Z", 1'483'228'800 * kSecond + 500'000},
    {"2024-02-29", 1'709'164'800 * kSecond},
    {"2000-02-29T12:00:00Z", 951'825'600 * kSecond},
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59.999999Z", -1},
    {"0001-01-01T00:00:00Z", -62'135'596'800 * kSecond},
    {"0001-01-01T00:00:00+15:59", -62'135'596'800 * kSecond - (15 * 60 + 59) * 60 * kSecond},
    {"9999-12-31T23:59:59.999999Z", 253'402'300'800 * kSecond - 1},
};

constexpr std::string_view kUnreadable[] = {
    "",
    "now",
    "infinity",
    "-infinity",
    "1795162530",
    "2026",
    "2026-11",
    "20261120",
    "20261120T081530Z",
    "26-11-20",
    "2026-1-2",
    "2026/11/20",
    "20.11.2026",
    "+2026-11-20",
    "-2026-11-20",
    "02026-11-20",
    "10000-01-01",
    "0000-01-01",
    "2026-00-20",
    "2026-13-20",
    "2026-11-00",
    "2026-11-31",
    "2023-02-29",
    "1900-02-29",
    "2100-02-29",
    "2026-W47-5",
    "2026-324",
    "2026-11-20Z",
    "2026-11-20+01:00",
    "2026-11-20T",
    "2026-11-20T08",
    "2026-11-20T08Z",
    "2026-11-20T0815Z",
    "2026-11-20T8:15:30Z",
    "2026-11-20T08:15:3Z",
    "2026-11-20T08:15:",
    "2026-11-20T08:15:30.",
    "2026-11-20T08:15:30.Z",
    "2026-11-20T08:15:30.1.2Z",
    "2026-11-20T08:15.5Z",
    "2026-11-20T25:00:00Z",
    "2026-11-20T24:00:01Z",
    "2026-11-20T24:01Z",
    "2026-11-20T24:00:00.000001Z",
    "2026-11-20T24:00:60Z",
    "2026-11-20T08:60:30Z",
    "2026-11-20T08:15:61Z",
    "2026-11-20  08:15:30Z",
    "2026-11-20_08:15:30Z",
    "2026-11-20T08:15:30 Z",
    "2026-11-20T08:15:30ZZ",
    "2026-11-20T08:15:30Z+01:00",
    "2026-11-20T08:15:30+1",
    "2026-11-20T08:15:30+1:00",
    "2026-11-20T08:15:30+01:",
    "2026-11-20T08:15:30+01:0",
    "2026-11-20T08:15:30+01:60",
    "2026-11-20T08:15:30+16:00",
    "2026-11-20T08:15:30+01:00:00",
    "2026-11-20T08:15:30 Europe/Berlin",
    "2026-11-20T08:15:30CET",
    "2026-11-20T08:15:30Z ",
    " 2026-11-20T08:15:30Z",
    "2026-11-20T08:15:30\u221201:00",
};

TEST(Iso8601, TellsOtherYearsFromTextsThatAreNoTimes) {
    for (const char* text : {"10000-01-01", "0000-01-01", "-0001-01-01T00:00:00Z",
                             "+12026-11-20T08:15:30.5+01:00", "294276-02-29 23:59"})
        EXPECT_TRUE(has_other_year(text)) << text;
    for (const char* text : {"", "-", "infinity", "-infinity", "2026-13-20", "+2026-11-20", "12026-13-20",
                             "20261120", "1795162530", "12026-11-20Z", "10000"})
        EXPECT_FALSE(has_other_year(text)) << text;
}

TEST(EventIso8601, ReadsTimes) {
    for (const TimeCase& c : kReadable) {
        const auto time = parse_iso8601(c.text);
        ASSERT_TRUE(time) << c.text;
        EXPECT_EQ(*time, c.time) << c.text;
    }
}

TEST(EventIso8601, RefusesTheRest) {
    for (const std::string_view text : kUnreadable) EXPECT_FALSE(parse_iso8601(text)) << text;
}

TEST(EventIso8601, RefusesEveryBeginningOfATimeWithAnOffset) {
    const std::string_view text = "2026-11-20T08:15:30.5+01:00";
    const std::string_view readable[] = {
        "2026-11-20",
        "2026-11-20T08:15",
        "2026-11-20T08:15:30",
        "2026-11-20T08:15:30.5",
        "2026-11-20T08:15:30.5+01",
        "2026-11-20T08:15:30.5+01:00",
    };
    for (size_t size = 0; size <= text.size(); size++) {
        const std::string_view beginning = text.substr(0, size);
        const bool expected =
            std::find(std::begin(readable), std::end(readable), beginning) != std::end(readable);
        EXPECT_EQ(parse_iso8601(beginning).has_value(), expected) << beginning;
    }
}

std::string print(Micros time) {
    std::string text;
    append_iso8601(text, time);
    EXPECT_EQ(iso8601_size(time), text.size()) << text;
    return text;
}

TEST(EventIso8601, WritesSixDecimalsAndZ) {
    EXPECT_EQ(print(kTime), "2026-11-20T08:15:30.000000Z");
    EXPECT_EQ(print(kTime + 123'456), "2026-11-20T08:15:30.123456Z");
    EXPECT_EQ(print(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(print(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(print(-62'135'596'800 * kSecond), "0001-01-01T00:00:00.000000Z");
    EXPECT_EQ(print(253'402'300'800 * kSecond - 1), "9999-12-31T23:59:59.999999Z");
}

TEST(EventIso8601, WritesYearsOutsideFourDigits) {
    EXPECT_EQ(print(253'402'300'800 * kSecond), "10000-01-01T00:00:00.000000Z");
    EXPECT_EQ(print(-62'135'596'800 * kSecond - 1), "0000-12-31T23:59:59.999999Z");
    EXPECT_EQ(print(-62'167'219'200 * kSecond - 1), "-0001-12-31T23:59:59.999999Z");
    EXPECT_EQ(print(-210'866'803'200 * kSecond),
              "-4713-11-24T00:00:00.000000Z");  // PostgreSQL's first timestamp
    EXPECT_EQ(print(kInfinity), "294247-01-10T04:00:54.775807Z");
    EXPECT_EQ(print(kMinusInfinity), "-290308-12-21T19:59:05.224192Z");
}

TEST(EventIso8601, WritesWhatTheCLibraryWrites) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 20000; i++) {
        const Micros time = static_cast<Micros>(random() % (253'402'300'800 * kSecond));
        const time_t seconds = time / kSecond;
        struct tm utc;
        gmtime_r(&seconds, &utc);
        char expected[64];
        std::snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900,
                      utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                      static_cast<int>(time % kSecond));
        EXPECT_EQ(print(time), expected);
    }
}

TEST(EventIso8601, ReadsBackWhatItWrites) {
    constexpr Micros kFirst = -62'135'596'800 * kSecond;
    constexpr Micros kEnd = 253'402'300'800 * kSecond;
    std::mt19937_64 random(3);
    for (int i = 0; i < 20000; i++) {
        const Micros time = kFirst + static_cast<Micros>(random() % static_cast<uint64_t>(kEnd - kFirst));
        EXPECT_EQ(parse_iso8601(print(time)), time);
    }
}

}  // namespace
}  // namespace eventlog::event
