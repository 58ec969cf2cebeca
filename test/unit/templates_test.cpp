#include "rules/templates.h"

#include <string>

#include <gtest/gtest.h>

namespace eventlog::rules {
namespace {

// The pieces of a template, each in brackets: its text and the name behind it.
std::string pieces(std::string_view text) {
    std::string all;
    for (Pieces pieces(text); pieces.next();)
        all += "[" + std::string(pieces.text()) + "|" + std::string(pieces.name()) + "]";
    return all;
}

TEST(Templates, AreTextsAndPlaceholders) {
    EXPECT_EQ(pieces(""), "");
    EXPECT_EQ(pieces("text"), "[text|]");
    EXPECT_EQ(pieces("{field} is blank"), "[|field][ is blank|]");
    EXPECT_EQ(pieces("{a}{b_c}"), "[|a][|b_c]");
}

TEST(Templates, KeepBracesThatOpenNoPlaceholder) {
    EXPECT_EQ(pieces("{} {\"a\": 1} {A} {a {"), "[{} {\"a\": 1} {A} {a {|]");
    EXPECT_EQ(pieces("{ {a}"), "[{ |a]");
}

}  // namespace
}  // namespace eventlog::rules
