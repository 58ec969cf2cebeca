#include "event/wording.h"

#include <gtest/gtest.h>

#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

std::string repeat(std::string_view text, size_t times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
}

TEST(EventWording, QuotesShortTextWhole) {
    EXPECT_EQ(quote(""), "\"\"");
    EXPECT_EQ(quote("order.created"), "\"order.created\"");
    EXPECT_EQ(quote(repeat("é", 64)), "\"" + repeat("é", 64) + "\"");
}

TEST(EventWording, CutsLongTextBetweenCharacters) {
    EXPECT_EQ(quote(repeat("a", 65)), "\"" + repeat("a", 64) + "…\"");
    EXPECT_EQ(quote(repeat("😀", 65)), "\"" + repeat("😀", 64) + "…\"");
    EXPECT_EQ(quote(repeat("é", 100'000)), "\"" + repeat("é", 64) + "…\"");
}

TEST(EventWording, NamesTypesOfRoots) {
    const auto noun = [](std::string_view json) {
        const test::Jsonb jsonb(json);
        return std::string(noun_of(kind_of_root(jsonb.container())));
    };
    EXPECT_EQ(noun("{}"), "an object");
    EXPECT_EQ(noun("[]"), "an array");
    EXPECT_EQ(noun("[1]"), "an array");
    EXPECT_EQ(noun("\"a\""), "a string");
    EXPECT_EQ(noun("1"), "a number");
    EXPECT_EQ(noun("true"), "a boolean");
    EXPECT_EQ(noun("null"), "null");
}

TEST(EventWording, SaysLimits) {
    EXPECT_EQ(limit_sentence(256, "characters", 257), "The limit is 256 characters; found 257.");
    EXPECT_EQ(found_sentence("an array"), "Found an array.");
}

}  // namespace
}  // namespace eventlog::event
