#include "event/name_patterns.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace eventlog::event {
namespace {

bool selects(std::string_view list, std::string_view name) {
    NamePatterns patterns;
    EXPECT_EQ(NamePatterns::parse(list, patterns), NamePatterns::Fault::none) << list;
    return patterns.match(name);
}

bool is_refused(std::string_view list) {
    NamePatterns patterns;
    return NamePatterns::parse(list, patterns) != NamePatterns::Fault::none;
}

TEST(NamePatterns, ANameWithoutAStarMatchesItselfOnly) {
    EXPECT_TRUE(selects("order.paid", "order.paid"));
    for (const char* other : {"order.pai", "order.paid2", "xorder.paid", "Order.paid", "orderxpaid", ""})
        EXPECT_FALSE(selects("order.paid", other)) << other;
}

TEST(NamePatterns, AStarIsAnyRunOfCharacters) {
    EXPECT_TRUE(selects("*", ""));
    EXPECT_TRUE(selects("*", "a.b"));
    EXPECT_TRUE(selects("order.*", "order."));
    EXPECT_TRUE(selects("order.*", "order.item.added")) << "dots included";
    EXPECT_FALSE(selects("order.*", "order"));
    EXPECT_FALSE(selects("order.*", "reorder.paid"));
    EXPECT_TRUE(selects("*.paid", "order.paid"));
    EXPECT_FALSE(selects("*.paid", "order.paid.v2"));
    EXPECT_TRUE(selects("a*b*c", "abc"));
    EXPECT_TRUE(selects("a*b*c", "a-b-b-c-c"));
    EXPECT_FALSE(selects("a*b*c", "acb"));
    EXPECT_TRUE(selects("**a**", "bab"));
    EXPECT_TRUE(selects("*aab", "aaaab")) << "goes back";
    EXPECT_TRUE(selects("*ab*ab", "abab"));
    EXPECT_FALSE(selects("*ab*ab", "ab"));
}

TEST(NamePatterns, NothingElseIsSpecial) {
    EXPECT_FALSE(selects("a.b", "axb"));
    EXPECT_FALSE(selects("a?", "ab"));
    EXPECT_TRUE(selects("[a]%_\\", "[a]%_\\"));
    EXPECT_TRUE(selects("gr\u00f6\u00dfe*", "gr\u00f6\u00dfe.\u20ac"));
    EXPECT_FALSE(selects("*\u00f6", "\u00fc"));
}

TEST(NamePatterns, AnyOfSeveralAndNoneOfTheExcluding) {
    constexpr const char* kList = " order.* , !order.viewed,user.created,!*.test ";
    EXPECT_TRUE(selects(kList, "order.paid"));
    EXPECT_TRUE(selects(kList, "user.created"));
    EXPECT_FALSE(selects(kList, "order.viewed"));
    EXPECT_FALSE(selects(kList, "order.test"));
    EXPECT_FALSE(selects(kList, "user.deleted"));
    EXPECT_FALSE(selects("!order.viewed, order.*", "order.viewed")) << "whatever the order";
}

TEST(NamePatterns, ExcludingOnesAloneLeaveTheRest) {
    EXPECT_TRUE(selects("!debug.*", "order.paid"));
    EXPECT_FALSE(selects("!debug.*", "debug.x"));
    EXPECT_FALSE(selects("!*", "order.paid"));
}

TEST(NamePatterns, AListHasPatternsOfLimitedSize) {
    for (const char* bad : {"", " ", ",", "a,", ",a", "a,,b", "!", "a, ! ", "\u00a0"})
        EXPECT_TRUE(is_refused(bad)) << bad;
    std::string longest;
    for (int i = 0; i < 256; i++) longest += "\u00e9";
    EXPECT_FALSE(is_refused(longest));
    EXPECT_FALSE(is_refused("!" + longest));
    EXPECT_TRUE(is_refused(longest + "x"));
    std::string most = "a";
    for (size_t i = 1; i < NamePatterns::kMostPatterns; i++) most += ",!a";
    EXPECT_FALSE(is_refused(most));
    EXPECT_TRUE(is_refused(most + ",a"));
}

TEST(NamePatterns, ARefusedListLeavesWhatWasThere) {
    NamePatterns patterns;
    ASSERT_EQ(NamePatterns::parse("a", patterns), NamePatterns::Fault::none);
    ASSERT_EQ(NamePatterns::parse("b,", patterns), NamePatterns::Fault::length);
    EXPECT_TRUE(patterns.match("a"));
    EXPECT_FALSE(patterns.match("b"));
}

TEST(NamePatterns, OnesAddedOneByOneMayHoldCommas) {
    NamePatterns patterns;
    EXPECT_EQ(patterns.add(" a,* "), NamePatterns::Fault::none);
    EXPECT_EQ(patterns.add("! a,b"), NamePatterns::Fault::none);
    EXPECT_TRUE(patterns.match("a,c"));
    EXPECT_FALSE(patterns.match("a,b"));
    EXPECT_FALSE(patterns.match("a"));
    for (const char* bad : {"", " ", "!", "! "})
        EXPECT_EQ(patterns.add(bad), NamePatterns::Fault::length) << bad;
    for (size_t i = 2; i < NamePatterns::kMostPatterns; i++)
        EXPECT_EQ(patterns.add("b"), NamePatterns::Fault::none);
    EXPECT_EQ(patterns.add("b"), NamePatterns::Fault::count);
}

NamePatterns patterns_of(std::string_view list) {
    NamePatterns patterns;
    EXPECT_EQ(NamePatterns::parse(list, patterns), NamePatterns::Fault::none) << list;
    return patterns;
}

TEST(NamePatterns, WhatBeginsAsJsonDoesMatchesNoName) {
    for (const char* bad : {"{order.*}", "a, [b", "!{c}", "a, ! {c}"})
        EXPECT_TRUE(patterns_of(bad).unmatchable()) << bad;
    for (const char* good : {"*{", "a{b}", "order.*, !order.viewed"})
        EXPECT_FALSE(patterns_of(good).unmatchable()) << good;
}

TEST(NamePatterns, UpToTwoMistakesAreAMisspelling) {
    for (const char* near : {"flaged", "Flagd", "fagged", "fllaggedd", "falgged", "a, !flaged"})
        EXPECT_TRUE(patterns_of(near).misspelling_of("flagged")) << near;
    for (const char* far :
         {"flag", "tagged", "logged", "!plugged", "tagged.it", "flaged.*", "flaged*", "a", "*"})
        EXPECT_FALSE(patterns_of(far).misspelling_of("flagged")) << far;
    EXPECT_EQ(patterns_of("a, flaged").misspelling_of("flagged"), "flaged");
}

TEST(NamePatterns, ManyStarsCostNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 127; i++) pattern += "a*";
    pattern += "b";
    std::string name(1024, 'a');
    auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(selects(pattern, name));
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
}

}  // namespace
}  // namespace eventlog::event
