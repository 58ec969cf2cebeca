#include "event/json_number.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

std::string double_text(double value) {
    std::string text = "x";
    append_double(text, value);
    EXPECT_EQ(double_size(value), text.size() - 1);
    return text.substr(1);
}

TEST(JsonNumber, DoubleIsShortestJson) {
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

TEST(JsonNumber, DoubleReadsBackTheSame) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; i++) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        EXPECT_EQ(std::strtod(double_text(value).c_str(), nullptr), value);
    }
}

}  // namespace
}  // namespace eventlog::event
