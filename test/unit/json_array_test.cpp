#include "event/json_array.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

using Elements = std::vector<std::string>;

Elements split(std::string_view text) {
    JsonArray array(text);
    Elements elements;
    while (array.next()) elements.emplace_back(array.element());
    EXPECT_FALSE(array.next());
    return elements;
}

TEST(EventJsonArray, SplitsAtTopLevelCommas) {
    EXPECT_EQ(split("[1]"), (Elements{"1"}));
    EXPECT_EQ(split("[1,2,3]"), (Elements{"1", "2", "3"}));
    EXPECT_EQ(split(R"([{"a":1},{"b":[1,2,{"c":3}]},[[],[{}]],null])"),
              (Elements{R"({"a":1})", R"({"b":[1,2,{"c":3}]})", "[[],[{}]]", "null"}));
}

TEST(EventJsonArray, LeavesOutWhiteSpaceAroundElements) {
    EXPECT_EQ(split(" \t\r\n[ 1 ,\n\t{ \"a\" : 1 } , \"x y\" ]\n"),
              (Elements{"1", "{ \"a\" : 1 }", "\"x y\""}));
}

TEST(EventJsonArray, EmptyArrayHasNoElements) {
    for (const std::string_view text : {"[]", " [ ] ", "[\n]"}) {
        EXPECT_TRUE(JsonArray(text).is_array());
        EXPECT_EQ(split(text), Elements{});
    }
}

TEST(EventJsonArray, CountsTheCommasOfAnElement) {
    JsonArray array(R"([{}, {"a": [1, 2], "b,": {"c": 1, "d": 2}}, [1, 2, 3], ",", 1])");
    for (const size_t commas : {0, 1, 2, 0, 0}) {
        ASSERT_TRUE(array.next());
        EXPECT_EQ(array.commas(), commas) << array.element();
    }
}

TEST(EventJsonArray, SplitsAnObjectIntoItsMembers) {
    std::vector<std::string> keys;
    for (JsonArray members = JsonArray::members_of(R"( { "a" : [1, 2], "b\"": {"c": 1}, "": "}" } )");
         members.next();)
        keys.emplace_back(members.key());
    EXPECT_EQ(keys, (std::vector<std::string>{R"("a")", R"("b\"")", R"("")"}));
    EXPECT_FALSE(JsonArray::members_of("{ }").next());
}

TEST(EventJsonArray, StringsHideBracketsAndCommas) {
    EXPECT_EQ(split(R"(["a,b","]","[{",{"}":"{"}])"),
              (Elements{R"("a,b")", R"("]")", R"("[{")", R"({"}":"{"})"}));
}

TEST(EventJsonArray, EscapedQuotesDoNotEndStrings) {
    EXPECT_EQ(split(R"(["a\",b",1])"), (Elements{R"("a\",b")", "1"}));
    EXPECT_EQ(split(R"(["a\\",1])"), (Elements{R"("a\\")", "1"}));
    EXPECT_EQ(split(R"(["a\\\"],",1])"), (Elements{R"("a\\\"],")", "1"}));
    EXPECT_EQ(split(R"(["","\"","\\\\",""])"), (Elements{R"("")", R"("\"")", R"("\\\\")", R"("")"}));
    EXPECT_EQ(split(R"(["\u005C",2])"), (Elements{R"("\u005C")", "2"}));
}

TEST(EventJsonArray, OtherJsonIsNoArray) {
    for (const std::string_view text : {"{}", "{\"a\":[1]}", "\"[1]\"", "1", "null", " {} ", ""}) {
        EXPECT_FALSE(JsonArray(text).is_array()) << text;
        EXPECT_EQ(split(text), Elements{}) << text;
    }
}

TEST(EventJsonArray, StaysInsideABrokenText) {
    const std::string text = R"([{"a":"b\\"},["c\"",1],"\\)";
    for (size_t size = 0; size <= text.size(); size++) split(std::string(text, 0, size));
}

TEST(EventJsonArray, DeepNestingNeedsNoStack) {
    constexpr size_t kDepth = 1'000'000;
    const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
    EXPECT_EQ(split("[" + deep + ",1]"), (Elements{deep, "1"}));
}

}  // namespace
}  // namespace eventlog::event
