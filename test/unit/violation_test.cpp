#include "rules/violation.h"

#include <gtest/gtest.h>

namespace eventlog::rules {
namespace {

std::string repeat(std::string_view text, size_t times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
}

TEST(Violation, HasTheTextsOfItsRule) {
    const Violation broken = violation<Rule::text_length>("actorId", with<"limit">(256), with<"found">(257));
    EXPECT_EQ(broken.rule, Rule::text_length);
    EXPECT_EQ(broken.field, "actorId");
    EXPECT_EQ(broken.message, "actorId is too long");
    EXPECT_EQ(broken.detail, "The limit is 256 characters, but the text has 257.");
    EXPECT_EQ(broken.hint, "Shorten it, or put it into the metadata.");
}

TEST(Violation, NamesAnyValueThatMayBeMissing) {
    const Entry entry{"", "", "", "{field} is {a}", "{b}", "Not {a}."};
    const auto fits = [&entry](std::initializer_list<std::string_view> names) {
        return are_placeholders_of(entry, {names.begin(), names.size()});
    };
    EXPECT_TRUE(fits({"a", "b"}));
    EXPECT_TRUE(fits({"b", "a"}));
    EXPECT_FALSE(fits({}));
    EXPECT_FALSE(fits({"a"}));
    EXPECT_FALSE(fits({"a", "b", "c"}));
}

TEST(Violation, CutsWhatItQuotes) {
    const std::string name = repeat("é", 65);
    EXPECT_EQ(violation<Rule::event_name_dotted>("event_name", with<"found">(name)).detail,
              "The name is \"" + repeat("é", 64) + "…\".");
    const std::string keys = repeat("k", 65);
    const Violation broken = violation<Rule::envelope_form>("envelope", with<"keys">(keys), with<"uses">(""));
    EXPECT_TRUE(broken.message.ends_with(keys)) << broken.message;
}

TEST(Violation, TakesValuesAsTheyAre) {
    const Violation broken =
        violation<Rule::schema_version_format>("schema_version", with<"found">("{field}"));
    EXPECT_EQ(broken.detail, "The value is \"{field}\".");
}

TEST(Violation, QuotesShortTextWhole) {
    EXPECT_EQ(quote(""), "\"\"");
    EXPECT_EQ(quote("order.created"), "\"order.created\"");
    EXPECT_EQ(quote(repeat("é", 64)), "\"" + repeat("é", 64) + "\"");
}

TEST(Violation, CutsLongTextBetweenCharacters) {
    EXPECT_EQ(quote(repeat("a", 65)), "\"" + repeat("a", 64) + "…\"");
    EXPECT_EQ(quote(repeat("😀", 65)), "\"" + repeat("😀", 64) + "…\"");
    EXPECT_EQ(quote(repeat("é", 100'000)), "\"" + repeat("é", 64) + "…\"");
}

}  // namespace
}  // namespace eventlog::rules
