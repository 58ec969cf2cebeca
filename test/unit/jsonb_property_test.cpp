// Random documents: the library against the plain trees of jsonb_tree.h.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "jsonb/build.h"
#include "jsonb/canonical.h"
#include "jsonb_tree.h"

namespace eventlog::jsonb {
namespace {

using tree::Node;

class RandomTree {
  public:
    explicit RandomTree(uint64_t seed) : engine_(seed) {}

    uint32_t below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }

    std::string text() {
        static constexpr std::string_view kPieces[] = {"a",  "b",    "Z",    "_",    "0",   " ",
                                                       "\"", "\\",   "/",    "é",    "漢",  "😀",
                                                       "\n", "\x01", "\x1f", "\x7f", "abc", "word"};
        std::string out;
        const bool plain = below(3) > 0;
        for (uint32_t left = below(4) == 0 ? below(60) : below(8); left > 0; --left)
            out += plain ? std::string(1, static_cast<char>('a' + below(26)))
                         : std::string(kPieces[below(std::size(kPieces))]);
        return out;
    }

    Node number() {
        std::string digits = std::to_string(1 + below(9));
        for (uint32_t left = below(3) == 0 ? below(90) : below(6); left > 0; --left)
            digits += static_cast<char>('0' + below(10));
        if (below(8) == 0) digits = "0";
        if (below(2) == 0) digits += '.' + std::string(below(70), '0') + static_cast<char>('0' + below(10));
        const bool zero = digits.find_first_not_of("0.") == std::string::npos;
        return tree::number(!zero && below(3) == 0 ? '-' + digits : digits);
    }

    Node value(int depth) {
        switch (below(depth > 0 ? 8 : 6)) {
            case 0:
            case 1:
                return tree::string(text());
            case 2:
            case 3:
                return number();
            case 4:
                return tree::boolean(below(2) == 0);
            case 5:
                return {};
            case 6:
                return array(depth - 1);
            default:
                return object(depth - 1, size());
        }
    }

    Node array(int depth) {
        std::vector<Node> elements(size());
        for (Node& element : elements) element = value(depth);
        return tree::array(std::move(elements));
    }

    Node object(int depth, uint32_t pairs) {
        std::set<std::string> keys;
        while (keys.size() < pairs)
            keys.insert(below(2) == 0 ? text() : text() + std::to_string(below(1000)));
        std::vector<std::pair<std::string, Node>> members;
        for (const std::string& key : keys) members.emplace_back(key, value(depth));
        return tree::object(std::move(members));
    }

  private:
    uint32_t size() { return below(10) == 0 ? below(70) : below(5); }

    std::mt19937_64 engine_;
};

constexpr uint32_t kPairs[] = {0, 1, 2, 5, 10, 15, 16, 17, 30, 31, 32, 33, 63, 64, 65, 128, 255, 256};
constexpr uint64_t kSeeds = 600;

class JsonbProperty : public testing::Test {
  protected:
    // Calls `check` with random objects of all the sizes above.
    template <typename Check>
    void for_each_object(Check check) {
        for (uint64_t seed = 0; seed < kSeeds && !HasFatalFailure(); ++seed) {
            SCOPED_TRACE(seed);
            RandomTree random(seed);
            check(random, random.object(static_cast<int>(seed % 4), kPairs[seed % std::size(kPairs)]));
        }
    }
};

void expect_same(const Value& value, const Node& node) {
    ASSERT_EQ(value.kind, node.kind);
    ASSERT_EQ(value.boolean, node.boolean);
    switch (node.kind) {
        case Kind::string:
            ASSERT_EQ(value.bytes, node.text);
            break;
        case Kind::number:
            ASSERT_EQ(value.bytes, test::numeric(node.text));
            break;
        case Kind::array: {
            Elements elements(value.container());
            for (const Node& element : node.elements) {
                ASSERT_TRUE(elements.next());
                expect_same(elements.value(), element);
            }
            ASSERT_FALSE(elements.next());
            break;
        }
        case Kind::object: {
            Pairs pairs(value.container());
            for (const auto& [key, member] : node.members) {
                ASSERT_TRUE(pairs.next());
                ASSERT_EQ(pairs.key(), key);
                expect_same(pairs.value(), member);
                ASSERT_TRUE(value.container().find(key).has_value());
                ASSERT_EQ(value.container().find(key)->bytes, pairs.value().bytes);
            }
            ASSERT_FALSE(pairs.next());
            break;
        }
        default:
            ASSERT_TRUE(value.bytes.empty());
    }
}

TEST_F(JsonbProperty, ViewsReadWhatWasWritten) {
    for_each_object([](RandomTree&, const Node& node) {
        const std::string bytes = tree::encode(node);
        expect_same({Kind::object, false, bytes}, node);
    });
}

TEST_F(JsonbProperty, CanonicalTextAndItsSize) {
    for_each_object([](RandomTree&, const Node& node) {
        const std::string bytes = tree::encode(node);
        const std::string expected = tree::canonical(node);
        std::string out;
        append_canonical(out, Container(bytes));
        ASSERT_EQ(out, expected);
        ASSERT_EQ(canonical_size(Container(bytes)), expected.size());
    });
}

TEST_F(JsonbProperty, AddedMember) {
    for_each_object([](RandomTree& random, Node node) {
        const std::string before = tree::encode(node);
        const std::string key = random.below(2) == 0 ? "_eventLog" : random.text();
        if (Container(before).find(key).has_value()) return;
        const Node wrapped = tree::array({random.value(2)});
        const std::string value = tree::encode(wrapped);
        Elements elements{Container(value)};
        ASSERT_TRUE(elements.next());

        const Member member{key, elements.value()};
        std::string out(add_member_bound(Container(before), member), '\xAA');
        out.resize(add_member(Container(before), member, out.data()));
        node.members.emplace_back(key, wrapped.elements[0]);
        ASSERT_EQ(out, tree::encode(tree::object(node.members)));
    });
}

TEST_F(JsonbProperty, BuiltObject) {
    for_each_object([](RandomTree&, const Node& node) {
        const std::string bytes = tree::encode(node);
        std::vector<Member> members;
        for (Pairs pairs{Container(bytes)}; pairs.next();) members.push_back({pairs.key(), pairs.value()});
        std::string out(object_bound(members), '\xAA');
        out.resize(build_object(members, out.data()));
        ASSERT_EQ(out, bytes);
    });
}

}  // namespace
}  // namespace eventlog::jsonb
