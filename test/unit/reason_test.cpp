#include "forward/delivery/reason.h"

#include <gtest/gtest.h>

#include <string>

namespace eventlog::forward {
namespace {

using namespace std::string_literals;

constexpr size_t kPlenty = 1000;
const char* const kR = "\xEF\xBF\xBD";  // U+FFFD

TEST(Reason, ValidTextIsUnchanged) {
    for (const auto& text : {""s, "bad event"s, "a\n\t\x7F"s, "\u00e9"s, "\u20ac \ud7ff \ue000 \uffff"s,
                             "\U00010000 \U0010FFFF"s}) {
        EXPECT_EQ(readable_text(text, kPlenty), text);
    }
}

TEST(Reason, NulAndInvalidBytesBecomeTheReplacementCharacter) {
    EXPECT_EQ(readable_text("a\0b"s, kPlenty), "a"s + kR + "b");
    EXPECT_EQ(readable_text("\xFF\xFE", kPlenty), std::string(kR) + kR);
    EXPECT_EQ(readable_text("\x80x", kPlenty), std::string(kR) + "x") << "a continuation alone";
    EXPECT_EQ(readable_text("\xE2\x82z", kPlenty), std::string(kR) + kR + "z") << "a character cut short";
    EXPECT_EQ(readable_text("\xC3", kPlenty), kR) << "the end inside a character";
    EXPECT_EQ(readable_text("\xF0\x9F\x98", kPlenty), std::string(kR) + kR + kR);
}

TEST(Reason, OverlongSurrogateAndTooLargeCodePointsAreInvalid) {
    for (const std::string bytes : {"\xC0\x80", "\xC1\xBF"}) {
        EXPECT_EQ(readable_text(bytes, kPlenty), std::string(kR) + kR);
    }
    for (const std::string bytes : {"\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF"}) {
        EXPECT_EQ(readable_text(bytes, kPlenty), std::string(kR) + kR + kR);
    }
    for (const std::string bytes : {"\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"}) {
        EXPECT_EQ(readable_text(bytes, kPlenty), std::string(kR) + kR + kR + kR);
    }
}

TEST(Reason, IsCutBeforeTheCharacterThatDoesNotFit) {
    EXPECT_EQ(readable_text("abcdef", 4), "abcd");
    EXPECT_EQ(readable_text("abc\u20ac", 5), "abc");
    EXPECT_EQ(readable_text("abc\u20ac", 6), "abc\u20ac");
    EXPECT_EQ(readable_text("abc\xFF", 5), "abc") << "the replacement does not fit either";
}

}  // namespace
}  // namespace eventlog::forward
