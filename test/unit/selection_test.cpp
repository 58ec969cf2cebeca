#include "forward/policy/selection.h"

#include <gtest/gtest.h>

#include "encode_row.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

Selection selection(std::string_view value) {
    Selection read;
    EXPECT_FALSE(Selection::parse(value, read)) << value;
    return read;
}

TEST(Selection, FlaggedTakesWhatWasLoggedWithTheFlag) {
    const Selection flagged = selection("flagged");
    EXPECT_EQ(flagged, Selection()) << "the default";
    EXPECT_TRUE(flagged.only_flagged());
    EXPECT_TRUE(flagged.selects(RowWith(R"({"_eventLog":{"forwardToStatsig":true}})").row));
    for (const char* other : {R"({"_eventLog":{"forwardToStatsig":false}})", R"({"_eventLog":{}})", R"({})",
                              R"({"forwardToStatsig":true})", R"({"_eventLog":true})",
                              R"({"_eventLog":{"forwardToStatsig":"true"}})"})
        EXPECT_FALSE(flagged.selects(RowWith(other).row)) << other;
}

TEST(Selection, AllAndPatternsDoNotLookAtTheFlag) {
    RowWith with(R"({"_eventLog":{"forwardToStatsig":false}})");
    with.row.event_name = "order.paid";
    EXPECT_TRUE(selection("all").selects(with.row));
    EXPECT_TRUE(selection("order.*").selects(with.row));
    EXPECT_FALSE(selection("order.*,!order.paid").selects(with.row));
    EXPECT_FALSE(selection("all").only_flagged());
    EXPECT_FALSE(selection("order.*").only_flagged());
}

TEST(Selection, AMistakeIsReadAllTheSame) {
    EXPECT_TRUE(selection("flaged").mistake());
    EXPECT_TRUE(selection("{order.*}").mistake());
    for (const char* meant : {"flagged", "all", "order.*, !order.viewed"})
        EXPECT_FALSE(selection(meant).mistake()) << meant;
}

TEST(Selection, WordsStandAlone) {
    Selection read;
    for (const char* bad : {"All", "FLAGGED", "all,!order.viewed", "flagged, order.*", "!all", " all", ""})
        EXPECT_TRUE(Selection::parse(bad, read)) << bad;
    EXPECT_EQ(read, Selection());
    EXPECT_NE(selection("a"), selection("b"));
}

}  // namespace
}  // namespace eventlog::forward
