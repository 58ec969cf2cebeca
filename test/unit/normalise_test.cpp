#include "event/normalise.h"

#include <string>

#include <gtest/gtest.h>

#include "event/text_fields.h"

namespace eventlog::event {
namespace {

// Unicode 15, PropList.txt, White_Space.
constexpr std::string_view kWhiteSpace[] = {
    "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00A0", "\u1680",
    "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000",
};

// Neighbours of white space in code or in bytes.
constexpr std::string_view kOther[] = {
    "\x01",   "\x08",   "\x0E",   "\x1F",   "!",      "\x7F",   "\u0084", "\u0086", "\u00A1",
    "\u180E", "\u1681", "\u1FFF", "\u200B", "\u2027", "\u202A", "\u202E", "\u2030", "\u205E",
    "\u2060", "\u2FFF", "\u3001", "\uFEFF", "é",      "à",      "…",      "😀",
};

TEST(EventTrim, TakesEveryWhiteSpaceOffBothEnds) {
    for (const std::string_view space : kWhiteSpace) {
        const std::string text = std::string(space) + "a" + std::string(space) + "b" + std::string(space);
        EXPECT_EQ(trim(text), text.substr(space.size(), 2 + space.size())) << testing::PrintToString(text);
        EXPECT_TRUE(trim(space).empty());
    }
}

TEST(EventTrim, LeavesEverythingElse) {
    for (const std::string_view other : kOther) {
        EXPECT_EQ(trim(other), other);
        const std::string text = " " + std::string(other) + " ";
        EXPECT_EQ(trim(text), other) << testing::PrintToString(text);
    }
}

TEST(EventTrim, TakesMixedWhiteSpace) {
    std::string all;
    for (const std::string_view space : kWhiteSpace) all += space;
    EXPECT_EQ(trim(all + "naïve é" + all), "naïve é");
    EXPECT_TRUE(trim(all).empty());
    EXPECT_TRUE(trim("").empty());
    EXPECT_EQ(trim("plain"), "plain");
}

TEST(EventTrim, IgnoresBrokenBytesAtTheEnds) {
    EXPECT_EQ(trim("\x80\x80"), "\x80\x80");
    EXPECT_EQ(trim(" \xE2\x80"), "\xE2\x80");
}

TEST(EventNormalise, TrimsEveryTextField) {
    for (const TextField& field : kTextFields) {
        Event event;
        event.*field.member = "\u00A0 text\n";
        normalise(event);
        EXPECT_EQ(event.*field.member, "text") << name_of(field.field);
    }
}

TEST(EventNormalise, MakesBlankTextOmitted) {
    for (const std::string_view blank : {"", " ", "\t\u2003"}) {
        for (const TextField& field : kTextFields) {
            Event event;
            event.*field.member = blank;
            normalise(event);
            EXPECT_FALSE(given(event.*field.member)) << name_of(field.field);
        }
    }
}

TEST(EventNormalise, TellsBlankNameFromMissingOne) {
    Event blank;
    blank.event_name = " ";
    normalise(blank);
    EXPECT_TRUE(blank.event_name_given);
    EXPECT_FALSE(given(blank.event_name));

    Event missing;
    normalise(missing);
    EXPECT_FALSE(missing.event_name_given);
}

}  // namespace
}  // namespace eventlog::event
