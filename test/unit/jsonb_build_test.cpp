#include "jsonb/build.h"

#include <gtest/gtest.h>

#include <vector>

#include "jsonb_tree.h"
#include "jsonb_vectors.h"

namespace eventlog::jsonb {
namespace {

using tree::encode;
using tree::from_hex;

// A buffer of exactly the bound, filled with rubbish: padding that is not written shows.
std::string rubbish(size_t bound) {
    return std::string(bound, '\xAA');
}

std::string built(std::span<const Member> members) {
    std::string out = rubbish(object_bound(members));
    const size_t size = build_object(members, out.data());
    EXPECT_LE(size, out.size());
    return out.substr(0, size);
}

std::string added(const Container& object, const Member& member) {
    std::string out = rubbish(add_member_bound(object, member));
    const size_t size = add_member(object, member, out.data());
    EXPECT_LE(size, out.size());
    return out.substr(0, size);
}

std::vector<Member> members_of(const Container& object) {
    std::vector<Member> members;
    for (Pairs pairs(object); pairs.next();) members.push_back({pairs.key(), pairs.value()});
    return members;
}

Value value_of_document(const Container& document) {
    if (document.is_object()) return {Kind::object, false, document.bytes()};
    if (document.is_array()) return {Kind::array, false, document.bytes()};
    Elements elements(document);
    EXPECT_TRUE(elements.next());
    return elements.value();
}

uint64_t fnv1a(std::string_view bytes) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    return hash;
}

TEST(JsonbBuild, AddsAsTheServerDoes) {
    for (const Addition& addition : kAdditions) {
        SCOPED_TRACE(addition.name);
        const std::string object = from_hex(addition.object);
        const std::string value = from_hex(addition.value);
        const Member member{addition.key, value_of_document(Container(value))};
        EXPECT_EQ(added(Container(object), member), from_hex(addition.result));
    }
}

TEST(JsonbBuild, AddsToUnalignedBytes) {
    for (const Addition& addition : kAdditions) {
        const std::string object = "?" + from_hex(addition.object);
        const std::string value = "???" + from_hex(addition.value);
        const Member member{addition.key, value_of_document(Container(std::string_view(value).substr(3)))};
        EXPECT_EQ(added(Container(std::string_view(object).substr(1)), member), from_hex(addition.result));
    }
}

TEST(JsonbBuild, AddsToAbsentAsToEmpty) {
    const std::string empty = encode(tree::object({}));
    const Member member{"key", {Kind::string, false, "value"}};
    EXPECT_EQ(added(Container(), member), added(Container(empty), member));
    EXPECT_EQ(added(Container(), member), encode(tree::object({{"key", tree::string("value")}})));
}

TEST(JsonbBuild, RebuildsTheServersObjects) {
    for (const Vector& vector : kVectors) {
        const std::string bytes = from_hex(vector.bytes);
        if (!Container(bytes).is_object()) continue;
        EXPECT_EQ(built(members_of(Container(bytes))), bytes) << vector.name;
    }
}

TEST(JsonbBuild, LargeObjectsAsTheServersOnes) {
    const std::string log =
        encode(tree::object({{"forwardToStatsig", tree::boolean(true)},
                             {"caller", tree::object({{"actorId", tree::string("app")},
                                                      {"principalId", tree::string("login")}})}}));
    for (const Shape& expected : kShapes) {
        SCOPED_TRACE(expected.pairs);
        const std::string bytes = encode(tree::shape(expected.pairs));
        EXPECT_EQ(bytes.size(), expected.size);
        EXPECT_EQ(fnv1a(bytes), expected.hash);
        EXPECT_EQ(built(members_of(Container(bytes))), bytes);

        const std::string with_log = added(Container(bytes), {"_eventLog", {Kind::object, false, log}});
        EXPECT_EQ(with_log.size(), expected.size_with_log);
        EXPECT_EQ(fnv1a(with_log), expected.hash_with_log);
    }
}

TEST(JsonbBuild, EmptyObject) {
    EXPECT_EQ(built({}), encode(tree::object({})));
}

TEST(JsonbBuild, NullAndEmptyStringWithoutData) {
    const Member members[] = {{"a", {Kind::string, false, {}}}, {"b", {}}};
    EXPECT_EQ(built(members), encode(tree::object({{"a", tree::string("")}, {"b", tree::Node{}}})));
}

// Every length of key, of the strings before and after it, and of the new value: all the ways padding can
// change.
TEST(JsonbBuild, EveryChangeOfPadding) {
    for (size_t n = 0; n < 4 * 4 * 4 * 4; ++n) {
        const size_t before = n % 4, after = n / 4 % 4, key_size = n / 16 % 4, value_size = n / 64;
        std::vector<std::pair<std::string, tree::Node>> members = {
            {"a", tree::string(std::string(before, 'b'))},
            {"b", tree::number("1.5")},
            {"c", tree::boolean(true)},
            {"xxxxxx", tree::string(std::string(after, 'a'))},
            {"yyyyyy", tree::array({tree::number("2")})},
            {"zzzzzz", tree::object({{"k", tree::string("v")}})},
        };
        const std::string key(2 + key_size, 'k');
        for (const tree::Node& value : {tree::string(std::string(value_size, 'v')), tree::number("-3"),
                                        tree::object({}), tree::Node{}}) {
            const std::string object = encode(tree::object(members));
            const std::string document = encode(value);
            const Member member{key, value_of_document(Container(document))};
            auto all = members;
            all.emplace_back(key, value);
            EXPECT_EQ(added(Container(object), member), encode(tree::object(all))) << n;
        }
    }
}

}  // namespace
}  // namespace eventlog::jsonb
