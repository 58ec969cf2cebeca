#include "forward/encode/answer_json.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

std::string member(std::string_view json, std::string_view name = "a") {
    return std::string(member_of(json, name).value_or("(none)"));
}

TEST(MemberOf, TheValueAsItStands) {
    EXPECT_EQ(member(R"({"a":1})"), "1");
    EXPECT_EQ(member(" {\t\"b\" : [ {\"a\":1} , \"}\" ] ,\r\n\"a\" : true } "), "true");
    EXPECT_EQ(member(R"({"a":{"a":[1,"}"]},"b":2})"), R"({"a":[1,"}"]})");
    EXPECT_EQ(member(R"({"a":"x\"y,}","b":2})"), R"("x\"y,}")");
    EXPECT_EQ(member(R"({"a":1,"a":2})"), "1");
}

TEST(MemberOf, OnlyOfTheObjectItself) {
    for (const char* json :
         {"", " ", "null", R"("a":1)", R"([{"a":1}])", "{}", R"({"b":{"a":1}})", R"({"A":1})",
          R"({"b":"\"a\":1"})", R"({"b":1}{"a":1})", R"({"b":1]"a":1})", R"({b:1,"a":1})"})
        EXPECT_EQ(member(json), "(none)") << json;
}

TEST(MemberOf, OfAnAnswerWithoutItsEnd) {
    EXPECT_EQ(member(R"({"a":12)"), "12");
    EXPECT_EQ(member(R"({"a":{"b":[1)"), R"({"b":[1)");
    EXPECT_EQ(member(R"({"a":"x)"), R"("x)");
    EXPECT_EQ(member(R"({"a":"x\)"), R"("x\)");
    EXPECT_EQ(member(R"({"a":)"), "");
    for (const char* json : {R"({"a")", R"({"a)", "{\"", "{", R"({"b":1,)"})
        EXPECT_EQ(member(json), "(none)") << json;
}

TEST(CharactersOf, Escapes) {
    EXPECT_EQ(characters_of(R"("")"), "");
    EXPECT_EQ(characters_of(R"("é\"\\\/\b\f\n\r\t")"), "é\"\\/\b\f\n\r\t");
    EXPECT_EQ(characters_of(R"("\u0041\u00e9\u20AC\ud83c\udf6a!")"), "Aé€\U0001f36a!");
    EXPECT_EQ(characters_of(R"("a\u0000b")"), "a\ufffdb");
    EXPECT_EQ(characters_of(R"("\ud83c")"), "\ufffd");
    EXPECT_EQ(characters_of(R"("\ud83cx\udf6a")"), "\ufffdx\ufffd");
    EXPECT_EQ(characters_of(R"("\x\u12g4")"), "\ufffd\ufffd12g4");
}

TEST(CharactersOf, WhatIsNoLiteralStaysAsItIs) {
    for (const char* text : {"", "\"", "12", "{}", "\"cut"}) EXPECT_EQ(characters_of(text), text);
}

}  // namespace
}  // namespace eventlog::forward
