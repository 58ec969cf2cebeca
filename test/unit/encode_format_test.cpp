#include <gtest/gtest.h>

#include <string>

#include "encode_row.h"
#include "forward/delivery/batch.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

// The request body of two events with names `a` and `b`.
std::string body_of_two(const Format& format) {
    Batch batch(format);
    RowWith with("{}");
    for (const std::string_view name : {"a", "b"}) {
        with.row.event_name = name;
        Encoded encoded;
        EXPECT_FALSE(format.encode(encoded, with.row, {}));
        batch.add(with.row.event_id, encoded);
    }
    batch.freeze(10);
    std::string body;
    batch.body(body, {});
    return body;
}

TEST(Formats, AreFoundByName) {
    EXPECT_EQ(find_format("statsig"), &kStatsig);
    EXPECT_EQ(find_format("ndjson"), &kNdjson);
    EXPECT_EQ(find_format("cloudevents"), &kCloudEventsStructured);
    EXPECT_EQ(find_format("cloudevents", "binary"), &kCloudEventsBinary);
    EXPECT_EQ(find_format("cloudevents", "object"), nullptr);
    EXPECT_EQ(find_format("statsig", "batch"), nullptr);
    for (const std::string_view name : {"", "Statsig", "statsig ", "csv"})
        EXPECT_EQ(find_format(name), nullptr) << name;
}

TEST(Formats, AreNamedForAHint) {
    EXPECT_EQ(format_names(), "statsig, ndjson, cloudevents, otlp, segment");
    EXPECT_EQ(mode_names("cloudevents"), "structured, batch, binary");
    EXPECT_EQ(mode_names("ndjson"), "object, text");
    EXPECT_EQ(mode_names("statsig"), "");
}

TEST(Formats, StatsigsRequest) {
    EXPECT_EQ(kStatsig.content_type, "application/json");
    EXPECT_EQ(kStatsig.key_header.name, "statsig-api-key");
    EXPECT_EQ(kStatsig.default_path, "/v1/log_event");
    EXPECT_TRUE(kStatsig.gzip_by_default);
    EXPECT_EQ(
        body_of_two(kStatsig),
        R"({"events":[{"eventName":"a","user":{"userID":"service:events"},"time":0,"metadata":{"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f"}},)"
        R"({"eventName":"b","user":{"userID":"service:events"},"time":0,"metadata":{"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f"}}],)"
        R"("statsigMetadata":{"sdkType":"eventlog","sdkVersion":"0.0.0-unit"}})");
}

TEST(Formats, NdjsonsRequest) {
    EXPECT_EQ(kNdjson.content_type, "application/x-ndjson");
    EXPECT_EQ(kNdjson.key_header.name, "X-ClickHouse-Key");
    EXPECT_EQ(kNdjson.default_path, "/");
    EXPECT_FALSE(kNdjson.gzip_by_default);
    const std::string body = body_of_two(kNdjson);
    EXPECT_TRUE(body.starts_with(R"({"event_id":)"));
    EXPECT_TRUE(body.ends_with("}\n"));
    EXPECT_NE(body.find("}\n{\"event_id\":"), std::string::npos);
}

TEST(JudgeStatus, TheRulesOfTheContract) {
    const auto verdict_is = [](Verdict verdict, std::initializer_list<long> statuses) {
        for (const long status : statuses) EXPECT_EQ(judge_status(status), verdict) << status;
    };
    verdict_is(Verdict::accepted, {200, 201, 202, 204, 299});
    verdict_is(Verdict::retry, {0, 408, 429, 500, 501, 502, 503, 504, 505, 511, 522, 524, 599});
    verdict_is(Verdict::event_refused, {400, 422});
    verdict_is(Verdict::too_large, {413});
    verdict_is(Verdict::unauthorized, {401, 403});
    verdict_is(Verdict::wrong_address, {300, 301, 302, 304, 307, 308, 399, 404, 405, 410, 415});
    verdict_is(Verdict::wrong_address, {-1,  100, 101, 199, 402, 406, 407, 409, 411, 412, 414,
                                        416, 418, 421, 423, 425, 451, 460, 499, 600, 999});
}

TEST(Format, AnEndpointLeavesOutNoMoreEventsThanItWasSent) {
    const auto left_out = [](const std::string& number) {
        const std::string body = R"({"partialSuccess":{"rejectedLogRecords":)" + number + "}}";
        return judge_answer(kOtlp, {200, body, ""}, 3).rejected;
    };
    EXPECT_EQ(left_out("2"), 2u);
    for (const char* number : {"4", "9223372036854775807", "\"9223372036854775807\"", "9223372036854775808",
                               "99999999999999999999"})
        EXPECT_EQ(left_out(number), 3u) << number;
    EXPECT_EQ(left_out("-1"), 0u);
}

}  // namespace
}  // namespace eventlog::forward
