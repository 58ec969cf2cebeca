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

TEST(Segment, ThePersonIsThePrincipalOrTheActorAndTheVisitor) {
    const auto person_of = [](std::string_view actor_id, std::string_view sofa, bool user_is_actor) {
        RowWith with("{}");
        with.row.actor_id = actor_id;
        with.row.sofa = sofa;
        const std::string text = encoded(with.row, {.user_principal = "p", .user_is_actor = user_is_actor});
        const size_t at = text.find(R"("event":"unit.test",)") + 20;
        return text.substr(at, text.find(R"(,"messageId")") - at);
    };
    const std::string_view none;
    EXPECT_EQ(person_of(none, none, true), R"("userId":"p")");
    EXPECT_EQ(person_of(none, "s-1", true), R"("anonymousId":"s-1")");
    EXPECT_EQ(person_of("ada", none, true), R"("userId":"ada")");
    EXPECT_EQ(person_of("ada", "s-1", true), R"("userId":"ada","anonymousId":"s-1")");
    for (const std::string_view actor_id : {none, std::string_view("ada")})
        for (const std::string_view sofa : {none, std::string_view("s-1")})
            EXPECT_EQ(person_of(actor_id, sofa, false), R"("userId":"p")");
}

TEST(Segment, EveryColumnIsSent) {
    RowWith with(R"({"value":"mine"})");
    with.row.actor_type = "user";
    with.row.resource_type = "order";
    with.row.resource_id = "1001";
    with.row.schema_version = "1.2.3";
    with.row.sofa = "s-1";
    with.row.trace_id = "0af7651916cd43dd8448eb211c80319c";
    with.row.value = 19.5;
    const std::string text = encoded(with.row);
    EXPECT_NE(
        text.find(
            R"("eventlog":{"actorType":"user","ingestedAt":"1970-01-01T00:00:00.000000Z","origin":"backend",)"
            R"("resourceId":"1001","resourceType":"order","schemaVersion":"1.2.3","sofa":"s-1","source":"unit",)"
            R"("traceId":"0af7651916cd43dd8448eb211c80319c","value":19.5})"),
        std::string::npos)
        << text;
}

TEST(Segment, RefusesAYearThatIsoTimesDoNotTell) {
    RowWith with("{}");
    Encoded out;
    with.row.event_ts = INT64_C(253402300800000000);
    EXPECT_EQ(kSegment.encode(out, with.row, {}),
              "The event's time, 10000-01-01T00:00:00.000000Z, is outside of the years 1 to 9999, and the "
              "format knows no other.");
    with.row.event_ts--;
    EXPECT_NE(encoded(with.row).find(R"("timestamp":"9999-12-31T23:59:59.999999Z")"), std::string::npos);
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
    const size_t rest = encoded(RowWith(R"({"a":""})").row).size();
    const auto reason_of = [rest](size_t bytes) {
        const RowWith with(R"({"a":")" + std::string(bytes - rest, 'x') + "\"}");
        Encoded out;
        return encode_event(kSegment, out, with.row, {}).value_or("");
    };
    EXPECT_EQ(reason_of(32000), "");
    EXPECT_EQ(reason_of(32001), "The event has 32001 bytes in the endpoint's format, which takes 32000.");
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
