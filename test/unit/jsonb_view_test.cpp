#include "jsonb/view.h"

#include <gtest/gtest.h>

#include "jsonb_tree.h"
#include "jsonb_vectors.h"

namespace eventlog::jsonb {
namespace {

using tree::encode;
using tree::from_hex;

std::string vector_named(std::string_view name) {
    for (const Vector& vector : kVectors)
        if (vector.name == name) return from_hex(vector.bytes);
    ADD_FAILURE() << "no vector " << name;
    return {};
}

TEST(JsonbView, AbsentIsNeitherObjectNorArray) {
    const Container absent;
    EXPECT_FALSE(absent.given());
    EXPECT_FALSE(absent.is_object());
    EXPECT_FALSE(absent.is_array());
    EXPECT_FALSE(absent.is_scalar());
    EXPECT_EQ(absent.count(), 0u);
    EXPECT_FALSE(absent.find("a").has_value());
    EXPECT_FALSE(Pairs(absent).next());
    EXPECT_FALSE(Elements(absent).next());
}

TEST(JsonbView, EmptyIsGiven) {
    const std::string object = vector_named("empty object");
    EXPECT_TRUE(Container(object).given());
    EXPECT_TRUE(Container(object).is_object());
    EXPECT_FALSE(Container(object).is_array());
    EXPECT_FALSE(Container(object).find("").has_value());
    EXPECT_FALSE(Pairs(Container(object)).next());

    const std::string array = vector_named("empty array");
    EXPECT_TRUE(Container(array).is_array());
    EXPECT_FALSE(Container(array).find("").has_value());
    EXPECT_FALSE(Elements(Container(array)).next());
}

TEST(JsonbView, ScalarAtTheRootIsAnArrayOfOne) {
    const std::string bytes = vector_named("string at the root");
    const Container root(bytes);
    EXPECT_TRUE(root.is_scalar());
    EXPECT_FALSE(root.is_array());
    EXPECT_FALSE(root.is_object());
    Elements elements(root);
    ASSERT_TRUE(elements.next());
    EXPECT_EQ(elements.value().kind, Kind::string);
    EXPECT_EQ(elements.value().bytes, "root");
    EXPECT_FALSE(elements.value().container().given());
    EXPECT_FALSE(elements.next());
}

TEST(JsonbView, EachKind) {
    const std::string bytes = vector_named("each kind");
    const Container root(bytes);
    EXPECT_EQ(root.count(), 7u);
    EXPECT_EQ(root.find("s")->bytes, "x");
    EXPECT_EQ(root.find("n")->kind, Kind::number);
    EXPECT_EQ(root.find("n")->bytes, test::numeric("1"));
    EXPECT_TRUE(root.find("t")->boolean);
    EXPECT_EQ(root.find("f")->kind, Kind::boolean);
    EXPECT_FALSE(root.find("f")->boolean);
    EXPECT_EQ(root.find("z")->kind, Kind::null);
    EXPECT_EQ(root.find("a")->kind, Kind::array);
    EXPECT_EQ(root.find("a")->container().count(), 1u);
    EXPECT_EQ(root.find("o")->container().find("k")->bytes, "v");
    EXPECT_FALSE(root.find("x").has_value());
    EXPECT_FALSE(root.find("").has_value());
    EXPECT_FALSE(root.find("longer than all").has_value());
}

TEST(JsonbView, PairsComeInStoredOrder) {
    const std::string bytes = vector_named("order by length against order by code point");
    std::vector<std::string_view> keys;
    for (Pairs pairs{Container(bytes)}; pairs.next();) keys.push_back(pairs.key());
    EXPECT_EQ(keys, (std::vector<std::string_view>{"", "B", "a", "b", "aa", "ab", "ba"}));
}

TEST(JsonbView, FindsEveryKeyAcrossStrides) {
    for (const uint32_t count : {1u, 15u, 16u, 31u, 32u, 33u, 64u, 255u, 256u, 1000u}) {
        const tree::Node node = tree::shape(count);
        const std::string bytes = encode(node);
        const Container root(bytes);
        Pairs pairs(root);
        for (const auto& [key, value] : node.members) {
            ASSERT_TRUE(pairs.next());
            EXPECT_EQ(pairs.key(), key);
            const auto found = root.find(key);
            ASSERT_TRUE(found.has_value()) << key << " of " << count;
            EXPECT_EQ(found->kind, value.kind);
            EXPECT_EQ(found->boolean, value.boolean);
            EXPECT_EQ(found->bytes.data(), pairs.value().bytes.data());
            EXPECT_EQ(found->bytes.size(), pairs.value().bytes.size());
            EXPECT_FALSE(root.find(key + "!").has_value());
        }
        EXPECT_FALSE(pairs.next());
    }
}

TEST(JsonbView, ReadsUnalignedBytes) {
    const std::string shifted = "?" + vector_named("forty keys");
    const Container root(std::string_view(shifted).substr(1));
    EXPECT_EQ(root.find("k35")->bytes, "v35");
    EXPECT_EQ(root.find("k39")->container().count(), 1u);
    Elements elements(root.find("k39")->container());
    ASSERT_TRUE(elements.next());
    EXPECT_EQ(elements.value().bytes, test::numeric("39"));
}

TEST(JsonbView, ElementsAcrossStrides) {
    const std::string bytes = vector_named("forty elements");
    int count = 0;
    for (Elements elements{Container(bytes)}; elements.next(); ++count) {
        const std::string n = std::to_string(count);
        EXPECT_EQ(elements.value().bytes, count % 3 == 0 ? test::numeric(n) : "e" + n);
    }
    EXPECT_EQ(count, 40);
}

}  // namespace
}  // namespace eventlog::jsonb
