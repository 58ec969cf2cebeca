#include "event/json_kind.h"

#include <string>

#include <gtest/gtest.h>

#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

struct KindCase {
    std::string_view json;
    std::string_view noun;
};

constexpr KindCase kKinds[] = {
    {"{}", "an object"},   {"[]", "an array"},     {"[1]", "an array"},
    {"\"a\"", "a string"}, {"1", "a number"},      {"-1", "a number"},
    {"true", "a boolean"}, {"false", "a boolean"}, {"null", "null"},
};

TEST(JsonKind, IsNamedOfTheRootOfADocument) {
    for (const KindCase& c : kKinds) {
        const test::Jsonb jsonb(c.json);
        EXPECT_EQ(noun_of(kind_of_root(jsonb.container())), c.noun) << c.json;
    }
}

TEST(JsonKind, IsToldByTheBeginningOfAText) {
    for (const KindCase& c : kKinds) {
        EXPECT_EQ(noun_of(kind_of_text(c.json)), c.noun) << c.json;
        EXPECT_EQ(noun_of(kind_of_text(" \n\t\r" + std::string(c.json))), c.noun) << c.json;
    }
}

}  // namespace
}  // namespace eventlog::event
