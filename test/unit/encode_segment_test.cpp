#include <gtest/gtest.h>

#include <string>

#include "encode_row.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

std::string encoded(const event::StoredRow& row, const EncodeOptions& options = {}) {
    Encoded out;
    EXPECT_FALSE(kSegment.encode(out, row, options));
    return out.body;
}

// What is sent as the properties of an event that has `json`, and this value.
std::string properties_of(std::string_view json, std::optional<double> value = {}) {
    RowWith with(json);
    with.row.value = value;
    const std::string text = encoded(with.row);
    const std::string key = R"("properties":)";
    const size_t at = text.find(key) + key.size();
    return text.substr(at, text.find(R"(,"context":)") - at);
}

TEST(Segment, AWholeEvent) {
    RowWith with(R"({"plan":"pro","items":[{"sku":"tea"}],"_eventLog":{"forwardToStatsig":true}})");
    with.row.event_name = "order.paid";
    with.row.event_type = "billing";
    with.row.source = "shop";
    with.row.event_ts = 1795162530123456;
    with.row.ingested_at = 1795162530999999;
    with.row.actor_id = "ada";
    with.row.app_version = "7.1";
    with.row.tenant_id = with.row.event_id;
    EXPECT_EQ(
        encoded(with.row),
        R"({"type":"track","event":"order.paid","userId":"service:events",)"
        R"("messageId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f","timestamp":"2026-11-20T08:15:30.123456Z",)"
        R"("properties":{"items":[{"sku":"tea"}],"plan":"pro"},"context":{"app":{"version":"7.1"},)"
        R"("eventlog":{"actorId":"ada","eventType":"billing","ingestedAt":"2026-11-20T08:15:30.999999Z",)"
        R"("origin":"backend","source":"shop","tenantId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f"},)"
        R"("library":{"name":"eventlog","version":"0.0.0-unit"}}})");
}

TEST(Segment, TheUserIsThePrincipalOrTheActor) {
    RowWith with("{}");
    with.row.sofa = "s-1";
    const EncodeOptions actor{.user_principal = "p", .user_is_actor = true};
    EXPECT_NE(encoded(with.row, actor).find(R"("userId":"p","anonymousId":"s-1")"), std::string::npos);
    with.row.actor_id = "ada";
    EXPECT_NE(encoded(with.row, actor).find(R"("userId":"ada","anonymousId":"s-1")"), std::string::npos);
    EXPECT_NE(encoded(with.row).find(R"("userId":"service:events")"), std::string::npos);
}

TEST(Segment, TheValueIsAPropertyUnlessTheMetadataHasOne) {
    EXPECT_EQ(properties_of("{}"), "{}");
    EXPECT_EQ(properties_of("{}", 1.5), R"({"value":1.5})");
    EXPECT_EQ(properties_of(R"({"a":1})", 1.5), R"({"a":1,"value":1.5})");
    EXPECT_EQ(properties_of(R"({"value":null})", 1.5), R"({"value":null})");
}

TEST(Segment, ARequest) {
    std::string body;
    const std::vector<EncodedView> two = {{"{1}", ""}, {"{2}", ""}};
    kSegment.compose(body, two, {.now = 1795162530123456, .token = ""});
    EXPECT_EQ(body, R"({"batch":[{1},{2}],"sentAt":"2026-11-20T08:15:30.123456Z"})");
    EXPECT_TRUE(kSegment.key_header.is_basic_user);
}

TEST(Segment, AnEventAboveTheLimitIsRefused) {
    RowWith small("{}");
    const size_t rest = encoded(small.row).size() + 7;  // "a":"" and a comma or brace
    const auto reason_of = [&](size_t bytes) {
        RowWith with(R"({"a":")" + std::string(bytes, 'x') + "\"}");
        Encoded out;
        return encode_event(kSegment, out, with.row, {}).value_or("");
    };
    size_t fits = 32000 - rest;
    while (!reason_of(fits).empty()) --fits;
    while (reason_of(fits + 1).empty()) ++fits;
    EXPECT_EQ(reason_of(fits + 1), "The event has 32001 bytes in the endpoint's format, which takes 32000.");
}

TEST(Segment, RetriesAClientTimeoutToo) {
    for (const long status : {408, 429, 460, 500, 503, 511})
        EXPECT_EQ(kSegment.judge(status, "").verdict, Verdict::retry) << status;
    EXPECT_EQ(kSegment.judge(200, "").verdict, Verdict::accepted);
    EXPECT_EQ(kSegment.judge(400, "").verdict, Verdict::event_refused);
    EXPECT_EQ(kSegment.judge(410, "").verdict, Verdict::wrong_address);
}

}  // namespace
}  // namespace eventlog::forward
