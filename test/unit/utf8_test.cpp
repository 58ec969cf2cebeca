#include "jsonb/utf8.h"

#include <gtest/gtest.h>

#include "jsonb/canonical.h"
#include "jsonb_builder.h"

namespace eventlog::jsonb {
namespace {

TEST(Utf8, ValidTexts) {
    for (const std::string_view text : {"", "plain", "a\n\t\x7F", "\u00e9", "\u20ac \ud7ff \ue000 \uffff",
                                        "\U00010000 \U0010FFFF", "sixteen bytes and more: \u00e9"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
        EXPECT_EQ(escape_invalid(text), text);
    }
}

TEST(Utf8, BytesThatBelongToNoCharacterAreSpelledOut) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"\xFF", R"(\xff)"},
        {"m\xFCller", R"(m\xfcller)"},
        {"\xC3", R"(\xc3)"},
        {"\xE2\x82z", R"(\xe2\x82z)"},
        {"\u00e9\xE9", "\u00e9\\xe9"},
        {"\xED\xA0\x80", R"(\xed\xa0\x80)"},
        {"\xF4\x90\x80\x80", R"(\xf4\x90\x80\x80)"},
        {"fifteen letters\xE9 and more", R"(fifteen letters\xe9 and more)"},
    };
    for (const auto& [text, escaped] : cases) {
        EXPECT_FALSE(is_utf8(text)) << escaped;
        EXPECT_EQ(escape_invalid(text), escaped);
    }
}

TEST(Utf8, EachKeyAndStringOfADocumentIsOne) {
    const auto judge = [](const std::string& json) {
        const test::Jsonb document(json);
        bool ascii = true;
        EXPECT_EQ(canonical_size(document.container(), ascii), canonical_size(document.container()));
        return std::pair(ascii, is_utf8(document.container()));
    };
    using Judged = std::pair<bool, bool>;
    EXPECT_EQ(judge(R"({})"), Judged(true, true));
    EXPECT_EQ(judge(R"({"a": [1.5, "b", {"c": null}], "d": true})"), Judged(true, true));
    EXPECT_EQ(judge("{\"\u00e9\": [\"\u20ac\"]}"), Judged(false, true));
    EXPECT_EQ(judge("{\"a\": \"\xE9\"}"), Judged(false, false));
    EXPECT_EQ(judge("{\"\xE9\": 1}"), Judged(false, false));
    EXPECT_EQ(judge("{\"a\": [1, [{\"b\": [\"c\", \"\xFF\"]}], 2]}"), Judged(false, false));
    // The parts of a character that two strings share, side by side.
    EXPECT_EQ(judge("{\"\xC3\": 1, \"\xA9\": 2}"), Judged(false, false));
    EXPECT_EQ(judge("[\"\xC3\", \"\xA9\"]"), Judged(false, false));
}

}  // namespace
}  // namespace eventlog::jsonb
