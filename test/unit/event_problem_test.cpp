#include "event/problem.h"

#include <set>

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

TEST(EventProblem, RuleGivesSqlstateAndConstraint) {
    EXPECT_EQ(sqlstate_of(Rule::event_name_required), "22004");
    EXPECT_EQ(constraint_of(Rule::event_name_required), "event_name_required");
    EXPECT_EQ(sqlstate_of(Rule::text_length), "22001");
    EXPECT_EQ(sqlstate_of(Rule::metadata_reserved_key), "42939");
    EXPECT_EQ(sqlstate_of(Rule::metadata_keys), "54000");
    EXPECT_EQ(sqlstate_of(Rule::metadata_bytes), "54000");
    EXPECT_EQ(constraint_of(Rule::metadata_bytes), "metadata_bytes");
    EXPECT_EQ(sqlstate_of(Rule::value_finite), "22003");
    EXPECT_EQ(sqlstate_of(Rule::event_ts_finite), "22008");
    EXPECT_EQ(sqlstate_of(Rule::envelope_required), "22004");
    EXPECT_EQ(sqlstate_of(Rule::envelope_timestamp), "22007");
    EXPECT_EQ(sqlstate_of(Rule::events_array), "22023");
    EXPECT_EQ(constraint_of(Rule::events_array), "events_array");
}

TEST(EventProblem, EveryRuleHasACodeAndAConstraintOfItsOwn) {
    constexpr size_t kRules = static_cast<size_t>(Rule::events_array) + 1;
    std::set<std::string_view> constraints;
    for (size_t i = 0; i < kRules; i++) {
        EXPECT_EQ(sqlstate_of(static_cast<Rule>(i)).size(), 5u);
        constraints.insert(constraint_of(static_cast<Rule>(i)));
    }
    EXPECT_EQ(constraints.size(), kRules);
}

TEST(EventProblem, FieldHasItsSqlName) {
    EXPECT_EQ(name_of(Field::none), "");
    EXPECT_EQ(name_of(Field::event_name), "event_name");
    EXPECT_EQ(name_of(Field::event_ts), "event_ts");
    EXPECT_EQ(name_of(Field::idempotency_key), "idempotency_key");
}

}  // namespace
}  // namespace eventlog::event
