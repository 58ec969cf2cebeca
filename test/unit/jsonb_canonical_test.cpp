#include "jsonb/canonical.h"

#include <gtest/gtest.h>

#include "jsonb_tree.h"
#include "jsonb_vectors.h"

namespace eventlog::jsonb {
namespace {

using tree::from_hex;

std::string text_of(const Container& container) {
    std::string out;
    append_canonical(out, container);
    return out;
}

std::string text_of(std::string_view numeric) {
    std::string out;
    append_number(out, numeric);
    EXPECT_EQ(number_size(numeric), out.size());
    return out;
}

TEST(JsonbCanonical, ServersDocuments) {
    for (const Vector& vector : kVectors) {
        SCOPED_TRACE(vector.name);
        const std::string bytes = from_hex(vector.bytes);
        EXPECT_EQ(text_of(Container(bytes)), vector.text);
        EXPECT_EQ(canonical_size(Container(bytes)), std::string_view(vector.text).size());
    }
}

TEST(JsonbCanonical, UnalignedBytes) {
    for (const Vector& vector : kVectors) {
        const std::string shifted = "?" + from_hex(vector.bytes);
        const Container container(std::string_view(shifted).substr(1));
        EXPECT_EQ(text_of(container), vector.text);
        EXPECT_EQ(canonical_size(container), std::string_view(vector.text).size());
    }
}

TEST(JsonbCanonical, AbsentIsTheEmptyObject) {
    EXPECT_EQ(text_of(Container()), "{}");
    EXPECT_EQ(canonical_size(Container()), 2u);
}

TEST(JsonbCanonical, ValuesAsInTheirDocument) {
    const std::string bytes = tree::encode(tree::array({
        tree::string("a\"b"),
        tree::number("-1.50"),
        tree::boolean(true),
        tree::boolean(false),
        tree::Node{},
        tree::array({tree::Node{}}),
        tree::object({{"k", tree::object({})}}),
    }));
    std::vector<std::string> texts;
    for (Elements elements{Container(bytes)}; elements.next();) {
        append_canonical(texts.emplace_back(), elements.value());
        EXPECT_EQ(canonical_size(elements.value()), texts.back().size());
    }
    EXPECT_EQ(texts, (std::vector<std::string>{R"("a\"b")", "-1.50", "true", "false", "null", "[null]",
                                               R"({"k":{}})"}));
}

TEST(JsonbCanonical, AppendsToWhatIsThere) {
    const std::string bytes = from_hex("00000020");
    std::string out = "before ";
    append_canonical(out, Container(bytes));
    append_quoted(out, "q");
    append_number(out, test::numeric("7"));
    EXPECT_EQ(out, "before {}\"q\"7");
}

TEST(JsonbQuote, EveryByteAtEveryPlace) {
    for (size_t size = 1; size <= 40; ++size) {
        for (size_t place = 0; place < size; ++place) {
            for (int byte = 1; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[place] = static_cast<char>(byte);
                const std::string expected = tree::json_string(text);
                std::string out;
                append_quoted(out, text);
                ASSERT_EQ(out, expected) << "byte " << byte << " at " << place << " of " << size;
                ASSERT_EQ(quoted_size(text), expected.size());
            }
        }
    }
}

TEST(JsonbQuote, EmptyText) {
    for (const std::string_view text : {std::string_view(), std::string_view("")}) {
        std::string out;
        append_quoted(out, text);
        EXPECT_EQ(out, "\"\"");
        EXPECT_EQ(quoted_size(text), 2u);
    }
}

TEST(JsonbQuote, EscapesOnly) {
    std::string out;
    append_quoted(out, "\n\n\"\x1f");
    EXPECT_EQ(out, R"("\n\n\"\u001f")");
}

TEST(JsonbNumber, GreatestAndSmallest) {
    const auto number_in = [](const std::string& document) {
        Elements elements{Container(document)};
        EXPECT_TRUE(elements.next());
        return text_of(elements.value().bytes);
    };
    EXPECT_EQ(number_in(from_hex(kGreatNumber)), "1" + std::string(131071, '0'));
    EXPECT_EQ(number_in(from_hex(kSmallNumber)), "-0." + std::string(16382, '0') + "1");
}

TEST(JsonbNumber, EveryScaleAndWeight) {
    for (size_t zeros = 0; zeros < 300; ++zeros) {
        for (const char* const digits : {"1", "12", "123", "1234", "98765"}) {
            const std::string great = digits + std::string(zeros, '0');
            EXPECT_EQ(text_of(test::numeric(great)), great);
            EXPECT_EQ(text_of(test::numeric("-" + great + ".0")), "-" + great + ".0");
            const std::string small = "0." + std::string(zeros, '0') + digits;
            EXPECT_EQ(text_of(test::numeric(small)), small);
            EXPECT_EQ(text_of(test::numeric("-" + great + small.substr(1))), "-" + great + small.substr(1));
        }
        const std::string zero = "0." + std::string(zeros + 1, '0');
        EXPECT_EQ(text_of(test::numeric(zero)), zero);
    }
}

// The server's own parser stops at some thousand levels; a walk that recursed would overflow the stack here.
TEST(JsonbCanonical, DepthCostsNoStack) {
    constexpr uint32_t kDepth = 300000;
    const auto word = [](std::string& out, uint32_t value) { test::append_word(out, value); };
    for (const bool last : {true, false}) {
        // [[[…]]] or [[[…],null],null]: the place in the outer array must be kept in the second only.
        const uint32_t elements = last ? 1 : 2;
        const uint32_t level = 4 + 4 * elements;
        std::string bytes;
        for (uint32_t i = 0; i < kDepth; ++i) {
            word(bytes, kArrayFlag | elements);
            word(bytes, kIsContainer | kHasOffset | ((kDepth - i - 1) * level + 4));
            if (!last) word(bytes, kIsNull);
        }
        word(bytes, kArrayFlag);
        const std::string close = last ? "]" : ",null]";
        std::string expected(kDepth, '[');
        expected += "[]";
        for (uint32_t i = 0; i < kDepth; ++i) expected += close;
        EXPECT_EQ(canonical_size(Container(bytes)), expected.size());
        EXPECT_TRUE(text_of(Container(bytes)) == expected);
    }
}

TEST(JsonbCanonical, DeepObjects) {
    tree::Node node = tree::object({});
    for (int i = 0; i < 500; ++i) {
        auto members = tree::shape(static_cast<uint32_t>(i % 40)).members;
        members.emplace_back("inner", std::move(node));
        node = tree::object(std::move(members));
    }
    const std::string bytes = tree::encode(node);
    const std::string expected = tree::canonical(node);
    EXPECT_EQ(text_of(Container(bytes)), expected);
    EXPECT_EQ(canonical_size(Container(bytes)), expected.size());
}

}  // namespace
}  // namespace eventlog::jsonb
