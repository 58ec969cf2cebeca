#include <gtest/gtest.h>

#include <string>

#include "encode_row.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

TEST(Ndjson, ALineIsTheRowAsCanonicalJson) {
    RowWith with(R"({"plan":"pro\n","_eventLog":{"forwardToStatsig":false}})");
    with.row.event_name = "checkout.completed";
    with.row.actor_type = "user";
    with.row.actor_id = "u1";
    with.row.event_ts = 1795162530123456;
    with.row.ingested_at = 1795162531000000;
    with.row.value = 1.5;
    std::string out = "kept";
    EXPECT_FALSE(kNdjson.append(out, with.row, {}));
    EXPECT_EQ(out,
              R"(kept{"actor_id":"u1","actor_type":"user","event_id":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f",)"
              R"("event_name":"checkout.completed","event_ts":"2026-11-20T08:15:30.123456Z",)"
              R"("ingested_at":"2026-11-20T08:15:31.000000Z",)"
              R"("metadata":{"_eventLog":{"forwardToStatsig":false},"plan":"pro\n"},)"
              R"("origin":"backend","source":"unit","value":1.5})");
}

TEST(Ndjson, NoLimitOfNamesOrValues) {
    RowWith with(R"({"k":"0123456789"})");
    const std::string name(256, '{');
    with.row.event_name = name;
    std::string out;
    EXPECT_FALSE(kNdjson.append(out, with.row, {.max_value_length = 1}));
}

TEST(Ndjson, A2xxIsAcceptedWhateverItsBody) {
    EXPECT_EQ(kNdjson.judge(200, ""), Verdict::accepted);
    EXPECT_EQ(kNdjson.judge(204, "anything"), Verdict::accepted);
    EXPECT_EQ(kNdjson.judge(500, ""), Verdict::retry);
    EXPECT_EQ(kNdjson.judge(400, ""), Verdict::event_refused);
}

}  // namespace
}  // namespace eventlog::forward
