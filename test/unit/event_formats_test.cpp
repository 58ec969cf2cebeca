#include "event/formats.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

// The lists that semver.org publishes beside its regular expression (regex101.com/r/vkijKf/1).
constexpr std::string_view kSemvers[] = {
    "0.0.4",
    "1.2.3",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.1.2+meta",
    "1.1.2+meta-valid",
    "1.0.0-alpha",
    "1.0.0-beta",
    "1.0.0-alpha.beta",
    "1.0.0-alpha.beta.1",
    "1.0.0-alpha.1",
    "1.0.0-alpha0.valid",
    "1.0.0-alpha.0valid",
    "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
    "1.0.0-rc.1+build.1",
    "2.0.0-rc.1+build.123",
    "1.2.3-beta",
    "10.2.3-DEV-SNAPSHOT",
    "1.2.3-SNAPSHOT-123",
    "1.0.0",
    "2.0.0",
    "1.1.7",
    "2.0.0+build.1848",
    "2.0.1-alpha.1227",
    "1.0.0-alpha+beta",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
    "1.2.3----R-S.12.9.1--.12+meta",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12",
    "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
    "99999999999999999999999.999999999999999999.99999999999999999",
    "1.0.0-0A.is.legal",
};

constexpr std::string_view kNoSemvers[] = {
    "1",
    "1.2",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "1.1.2+.123",
    "+invalid",
    "-invalid",
    "-invalid+invalid",
    "-invalid.01",
    "alpha",
    "alpha.beta",
    "alpha.beta.1",
    "alpha.1",
    "alpha+beta",
    "alpha_beta",
    "alpha.",
    "alpha..",
    "beta",
    "1.0.0-alpha_beta",
    "-alpha.",
    "1.0.0-alpha..",
    "1.0.0-alpha..1",
    "1.0.0-alpha...1",
    "1.0.0-alpha....1",
    "1.0.0-alpha.....1",
    "1.0.0-alpha......1",
    "1.0.0-alpha.......1",
    "01.1.1",
    "1.01.1",
    "1.1.01",
    "1.2.3.DEV",
    "1.2-SNAPSHOT",
    "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
    "1.2-RC-SNAPSHOT",
    "-1.0.3-gamma+b7718",
    "+justmeta",
    "9.8.7+meta+meta",
    "9.8.7-whatever+meta+meta",
    "99999999999999999999999.999999999999999999.99999999999999999----RC-SNAPSHOT.12.09.1---------------------"
    "-----------..12",
    // Ours.
    "",
    "v1.2.3",
    "1.2.3-",
    "1.2.3+",
    "1.2.3 ",
    "1..3",
    ".1.2",
    "1.2.3.",
    "1.2.3-é",
};

TEST(EventFormats, Semver) {
    for (const std::string_view text : kSemvers) EXPECT_TRUE(is_semver(text)) << text;
    for (const std::string_view text : kNoSemvers) EXPECT_FALSE(is_semver(text)) << text;
}

TEST(EventFormats, TraceId) {
    EXPECT_TRUE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e4736"));
    EXPECT_TRUE(is_trace_id("00000000000000000000000000000001"));
    EXPECT_FALSE(is_trace_id("00000000000000000000000000000000"));
    EXPECT_FALSE(is_trace_id("4BF92F3577B34DA6A3CE929D0E0E4736"));
    EXPECT_FALSE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e473"));
    EXPECT_FALSE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e47366"));
    EXPECT_FALSE(is_trace_id("4bf92f3577b34da6a3ce929d0e0e473g"));
    EXPECT_FALSE(is_trace_id(""));
}

struct TraceparentCase {
    std::string_view text;
    bool accepted;
};

// After the W3C's own suite (github.com/w3c/trace-context, test/test.py, test_traceparent_*).
constexpr TraceparentCase kTraceparents[] = {
    {"00-12345678901234567890123456789012-1234567890123456-01", true},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
    {"00-12345678901234567890123456789012-1234567890123456-ff", true},
    // A version of the future: the first 55 characters count.
    {"cc-12345678901234567890123456789012-1234567890123456-01", true},
    {"cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", true},
    {"cc-12345678901234567890123456789012-1234567890123456-01-", true},
    {"cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like", false},
    // Version 00 has an end.
    {"00-12345678901234567890123456789012-1234567890123456-01-", false},
    {"00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like", false},
    {"00-12345678901234567890123456789012-1234567890123456-01.", false},
    // Versions that are none.
    {"ff-12345678901234567890123456789012-1234567890123456-01", false},
    {".0-12345678901234567890123456789012-1234567890123456-01", false},
    {"0.-12345678901234567890123456789012-1234567890123456-01", false},
    {"FF-12345678901234567890123456789012-1234567890123456-01", false},
    {"CC-12345678901234567890123456789012-1234567890123456-01", false},
    {"000-12345678901234567890123456789012-1234567890123456-01", false},
    {"0-12345678901234567890123456789012-1234567890123456-01", false},
    // Trace ids that are none.
    {"00-00000000000000000000000000000000-1234567890123456-01", false},
    {"00-.2345678901234567890123456789012-1234567890123456-01", false},
    {"00-1234567890123456789012345678901.-1234567890123456-01", false},
    {"00-123456789012345678901234567890123-1234567890123456-01", false},
    {"00-1234567890123456789012345678901-1234567890123456-01", false},
    {"00-1234567890123456789012345678901A-1234567890123456-01", false},
    // Parent ids that are none.
    {"00-12345678901234567890123456789012-0000000000000000-01", false},
    {"00-12345678901234567890123456789012-.234567890123456-01", false},
    {"00-12345678901234567890123456789012-123456789012345.-01", false},
    {"00-12345678901234567890123456789012-12345678901234567-01", false},
    {"00-12345678901234567890123456789012-123456789012345-01", false},
    {"00-12345678901234567890123456789012-123456789012345A-01", false},
    // Flags that are none.
    {"00-12345678901234567890123456789012-1234567890123456-.0", false},
    {"00-12345678901234567890123456789012-1234567890123456-0.", false},
    {"00-12345678901234567890123456789012-1234567890123456-001", false},
    {"00-12345678901234567890123456789012-1234567890123456-1", false},
    {"00-12345678901234567890123456789012-1234567890123456-0A", false},
    // Separators and ends.
    {"00_12345678901234567890123456789012-1234567890123456-01", false},
    {"00-12345678901234567890123456789012_1234567890123456-01", false},
    {"00-12345678901234567890123456789012-1234567890123456_01", false},
    {"00-12345678901234567890123456789012-1234567890123456-", false},
    {" 00-12345678901234567890123456789012-1234567890123456-01", false},
    {"00-12345678901234567890123456789012-1234567890123456-01 ", false},
    {"", false},
};

TEST(EventFormats, Traceparent) {
    for (const TraceparentCase& c : kTraceparents) {
        const auto trace_id = trace_id_of_traceparent(c.text);
        EXPECT_EQ(trace_id.has_value(), c.accepted) << c.text;
        if (trace_id) {
            EXPECT_EQ(*trace_id, c.text.substr(3, 32));
        }
    }
}

TEST(EventFormats, Characters) {
    EXPECT_EQ(characters(""), 0u);
    EXPECT_EQ(characters("abc"), 3u);
    EXPECT_EQ(characters("aé€😀"), 4u);
}

std::string double_text(double value) {
    std::string text = "x";
    append_double(text, value);
    EXPECT_EQ(double_size(value), text.size() - 1);
    return text.substr(1);
}

TEST(EventFormats, DoubleIsShortestJson) {
    EXPECT_EQ(double_text(0), "0");
    EXPECT_EQ(double_text(-0.0), "-0");
    EXPECT_EQ(double_text(1), "1");
    EXPECT_EQ(double_text(0.1), "0.1");
    EXPECT_EQ(double_text(-12.5), "-12.5");
    EXPECT_EQ(double_text(9.99), "9.99");
    EXPECT_EQ(double_text(1e22), "1e+22");
    EXPECT_EQ(double_text(5e-324), "5e-324");
    EXPECT_EQ(double_text(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
}

TEST(EventFormats, DoubleReadsBackTheSame) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; i++) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        EXPECT_EQ(std::strtod(double_text(value).c_str(), nullptr), value);
    }
}

}  // namespace
}  // namespace eventlog::event
