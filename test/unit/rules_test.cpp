#include "rules/rules.h"

#include <cctype>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "rules/templates.h"

namespace eventlog::rules {
namespace {

constexpr std::string_view kMessageSaysIt = "the message says what to do";
constexpr std::string_view kDetailSaysIt = "DETAIL says what is expected";

// Rules without a HINT, with the reason.
const std::map<std::string_view, std::string_view> kWithoutHint = {
    {"argument_null", kMessageSaysIt},      {"argument_blank", kMessageSaysIt},
    {"option_integer", kDetailSaysIt},      {"option_path", kDetailSaysIt},
    {"option_choice", kDetailSaysIt},       {"option_text", kDetailSaysIt},
    {"option_header_lines", kDetailSaysIt}, {"option_key", kDetailSaysIt},
    {"option_variable", kDetailSaysIt},     {"option_signing_secret", kDetailSaysIt},
};

bool uses_field(std::string_view text) {
    for (Pieces pieces(text); pieces.next();)
        if (pieces.name() == "field") return true;
    return false;
}

// Ids are what clients rely on.
TEST(Rules, KeepTheirIdsAndCodes) {
    const std::pair<Rule, std::string_view> kCodes[] = {
        {Rule::event_name_required, "22004 event_name_required"},
        {Rule::event_name_strict, "22023 event_name_policy"},
        {Rule::text_length, "22001 text_length"},
        {Rule::metadata_reserved_key, "42939 metadata_reserved_key"},
        {Rule::metadata_keys, "54000 metadata_keys"},
        {Rule::metadata_bytes, "54000 metadata_bytes"},
        {Rule::value_finite, "22003 value_finite"},
        {Rule::event_ts_finite, "22008 event_ts_finite"},
        {Rule::envelope_required, "22004 envelope_required"},
        {Rule::envelope_timestamp, "22007 envelope_timestamp"},
        {Rule::events_array, "22023 events_array"},
        {Rule::idempotency_key_reused, "23505 idempotency_key_reused"},
    };
    for (const auto& [rule, code] : kCodes)
        EXPECT_EQ(std::string(sqlstate_of(rule)) + " " + std::string(id_of(rule)), code);
}

TEST(Rules, HaveOneSqlstateForEachId) {
    std::map<std::string_view, std::string_view> states;
    for (const Entry& entry : kEntries) {
        EXPECT_EQ(entry.sqlstate.size(), 5u) << entry.name;
        EXPECT_EQ(states.emplace(entry.id, entry.sqlstate).first->second, entry.sqlstate) << entry.name;
    }
}

TEST(Rules, ArePhrasedAsPostgresqlPhrasesThem) {
    for (const Entry& entry : kEntries) {
        EXPECT_FALSE(entry.message.empty()) << entry.name;
        EXPECT_FALSE(std::isupper(static_cast<unsigned char>(entry.message.front()))) << entry.name;
        EXPECT_FALSE(entry.message.ends_with('.')) << entry.name;
        for (const std::string_view sentence : {entry.detail, entry.hint}) {
            if (sentence.empty()) continue;
            EXPECT_TRUE(sentence.ends_with('.') || sentence.ends_with('}')) << entry.name;
            EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence.front())) || sentence.front() == '{')
                << entry.name;
        }
    }
}

TEST(Rules, OfFieldsNameTheField) {
    for (const Entry& entry : kEntries) {
        if (uses_field(entry.detail) || uses_field(entry.hint)) {
            EXPECT_TRUE(uses_field(entry.message)) << entry.name;
        }
    }
}

TEST(Rules, TellTheWayOut) {
    std::set<std::string_view> without;
    for (const Entry& entry : kEntries) {
        if (entry.hint.empty()) without.insert(entry.name);
        EXPECT_EQ(entry.hint.empty(), kWithoutHint.contains(entry.name)) << entry.name;
    }
    EXPECT_EQ(without.size(), kWithoutHint.size());
}

}  // namespace
}  // namespace eventlog::rules
