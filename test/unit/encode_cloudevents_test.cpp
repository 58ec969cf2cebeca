#include <gtest/gtest.h>

#include <string>

#include "encode_row.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

constexpr std::string_view kId = R"("id":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f")";

std::string encoded(const event::StoredRow& row, const Format& format = kCloudEventsStructured) {
    Encoded out;
    const std::optional<std::string> reason = format.encode(out, row, {});
    return reason ? "refused: " + *reason : out.body;
}

// The value of a text attribute of the JSON form.
std::string attribute(const event::StoredRow& row, std::string_view name) {
    const std::string text = encoded(row);
    const std::string key = "\"" + std::string(name) + "\":\"";
    const size_t at = text.find(key);
    if (at == std::string::npos) return "(none)";
    return text.substr(at + key.size(), text.find('"', at + key.size()) - at - key.size());
}

void fill(event::StoredRow& row) {
    row.event_name = "order.paid";
    row.source = "shop";
    row.event_ts = 1795162530123456;
    row.ingested_at = 1795162530999999;
    row.resource_type = "order";
    row.resource_id = "1001";
    row.actor_type = "user";
    row.actor_id = "ada";
}

TEST(CloudEvents, AnEventAsJson) {
    RowWith with(R"({"b":[1,{"x":null}],"a":"é","_eventLog":{"forwardToStatsig":true}})");
    fill(with.row);
    EXPECT_EQ(
        encoded(with.row),
        R"({"specversion":"1.0",)" + std::string(kId) +
            R"(,"source":"shop","type":"order.paid","time":"2026-11-20T08:15:30.123456Z","subject":"order/1001",)"
            R"("authtype":"user","authid":"ada","ingestedat":"2026-11-20T08:15:30.999999Z",)"
            R"("datacontenttype":"application/json","data":{"a":"é","b":[1,{"x":null}]}})");
    EXPECT_EQ(encoded(with.row, kCloudEventsBatch), encoded(with.row));
}

TEST(CloudEvents, AnEventInBinaryMode) {
    RowWith with(R"({"a":1})");
    fill(with.row);
    with.row.actor_id = "Ada \"L\" 100% é";
    Encoded out;
    ASSERT_FALSE(kCloudEventsBinary.encode(out, with.row, {}));
    EXPECT_EQ(out.body, R"({"a":1})");
    EXPECT_EQ(out.headers, (std::vector<std::string>{
                               "ce-specversion: 1.0",
                               "ce-id: 0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f",
                               "ce-source: shop",
                               "ce-type: order.paid",
                               "ce-time: 2026-11-20T08:15:30.123456Z",
                               "ce-subject: order/1001",
                               "ce-authtype: user",
                               "ce-authid: Ada%20%22L%22%20100%25%20%C3%A9",
                               "ce-ingestedat: 2026-11-20T08:15:30.999999Z",
                           }));
}

TEST(CloudEvents, EveryColumnIsSent) {
    RowWith with("{}");
    fill(with.row);
    with.row.event_type = "billing";
    with.row.origin = event::Origin::frontend;
    with.row.tenant_id = with.row.event_id;
    with.row.value = 19.5;
    with.row.schema_version = "1.2.3";
    with.row.trace_id = "0af7651916cd43dd8448eb211c80319c";
    with.row.app_version = "7";
    with.row.sofa = "s-1";
    const std::string text = encoded(with.row);
    for (const char* member :
         {R"("eventtype":"billing")", R"("origin":"frontend")",
          R"("tenantid":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f")", R"("value":"19.5")",
          R"("schemaversion":"1.2.3")", R"("traceid":"0af7651916cd43dd8448eb211c80319c")",
          R"("appversion":"7")", R"("sofa":"s-1")"})
        EXPECT_NE(text.find(member), std::string::npos) << member << " in " << text;
}

TEST(CloudEvents, TheSourceIsAUriReference) {
    RowWith with("{}");
    for (const auto& [source, reference] : std::vector<std::pair<std::string, std::string>>{
             {"shop", "shop"},
             {"/services/shop", "/services/shop"},
             {"https://a.example/b?c=d&e", "https://a.example/b?c=d&e"},
             {"urn:uuid:1", "urn:uuid:1"},
             {"my shop", "my%20shop"},
             {"größe", "gr%C3%B6%C3%9Fe"},
             {"1a:b", "./1a:b"},
         }) {
        with.row.source = source;
        EXPECT_EQ(attribute(with.row, "source"), reference);
    }
}

TEST(CloudEvents, TheActorsTypeIsOneThatTheExtensionKnows) {
    RowWith with("{}");
    EXPECT_EQ(attribute(with.row, "authtype"), "(none)");
    with.row.actor_id = "7";
    EXPECT_EQ(attribute(with.row, "authtype"), "unknown");
    EXPECT_EQ(attribute(with.row, "actortype"), "(none)");
    for (const char* type : {"app_user", "user", "service_account", "api_key", "system", "unauthenticated"}) {
        with.row.actor_type = type;
        EXPECT_EQ(attribute(with.row, "authtype"), type);
        EXPECT_EQ(attribute(with.row, "actortype"), "(none)");
    }
    with.row.actor_type = "robot";
    EXPECT_EQ(attribute(with.row, "authtype"), "unknown");
    EXPECT_EQ(attribute(with.row, "actortype"), "robot");
}

TEST(CloudEvents, RefusesWhatTheTypeSystemCannotHold) {
    RowWith with("{}");
    for (const auto& [name, code] : std::vector<std::pair<std::string, std::string>>{
             {"a\nb", "a"},
             {"a\x7f", "7f"},
             {"a\u0080", "80"},
             {"a\u009f", "9f"},
             {"\ufdd0", "fdd0"},
             {"\ufdef", "fdef"},
             {"\uffff", "ffff"},
             {"\U0001fffe", "1fffe"},
             {"\U0010ffff", "10ffff"},
         }) {
        with.row.event_name = name;
        for (const Format* format : {&kCloudEventsStructured, &kCloudEventsBinary})
            EXPECT_EQ(encoded(with.row, *format), "refused: The attribute type would hold the character 0x" +
                                                      code + ", which CloudEvents does not allow.");
    }
    for (const char* name : {"a", "~", "\u00a0", "\u07ff", "\u0800", "\ufdcf", "\ufdf0", "\ufffd",
                             "\U00010000", "\U0001fffd", "\U0010fffd"}) {
        with.row.event_name = name;
        EXPECT_EQ(attribute(with.row, "type"), name);
    }
    with.row.actor_id = "a\tb";
    EXPECT_EQ(
        encoded(with.row),
        "refused: The attribute authid would hold the character 0x9, which CloudEvents does not allow.");
    with.row.actor_id = {};
    constexpr event::Micros kYear10000 = INT64_C(253402300800000000);
    constexpr event::Micros kYear1 = INT64_C(-62135596800000000);
    for (const auto& [time, good] : std::vector<std::pair<event::Micros, bool>>{
             {kYear1, true}, {kYear1 - 1, false}, {kYear10000 - 1, true}, {kYear10000, false}}) {
        with.row.event_ts = time;
        EXPECT_EQ(encoded(with.row).starts_with("{"), good) << time;
    }
    with.row.event_ts = kYear1;
    EXPECT_EQ(attribute(with.row, "time"), "0001-01-01T00:00:00.000000Z");
}

TEST(CloudEvents, HeadersThatAServerWouldNotTakeAreRefused) {
    RowWith with("{}");
    std::string id(1, 'x');
    const auto refusal_of = [&] {
        with.row.actor_id = id;
        Encoded out;
        return kCloudEventsBinary.encode(out, with.row, {}).value_or("");
    };
    while (refusal_of().empty()) id += 'x';
    EXPECT_EQ(
        refusal_of(),
        "The event's attributes have 7169 bytes as headers, of which 7168 are sent: the mode structured "
        "has no such limit.");
    EXPECT_TRUE(encoded(with.row).starts_with("{"));
    id.pop_back();
    EXPECT_EQ(refusal_of(), "");
}

TEST(CloudEvents, EmptyAndAbsentMetadataAreAnEmptyObject) {
    RowWith with(R"({"_eventLog":{}})");
    EXPECT_TRUE(encoded(with.row).ends_with(R"("datacontenttype":"application/json","data":{}})"));
    with.row.metadata = {};
    EXPECT_TRUE(encoded(with.row).ends_with(R"("datacontenttype":"application/json","data":{}})"));
    EXPECT_EQ(encoded(with.row, kCloudEventsBinary), "{}");
}

TEST(CloudEvents, RequestsOfTheThreeModes) {
    std::string body;
    const std::vector<EncodedView> two = {{"{1}", ""}, {"{2}", ""}};
    kCloudEventsBatch.compose(body, two, {});
    EXPECT_EQ(body, "[{1},{2}]");
    EXPECT_EQ(kCloudEventsBatch.max_events, 0u);
    EXPECT_EQ(kCloudEventsBatch.content_type, "application/cloudevents-batch+json");
    for (const Format* format : {&kCloudEventsStructured, &kCloudEventsBinary}) {
        body.clear();
        format->compose(body, std::span(two).first(1), {});
        EXPECT_EQ(body, "{1}");
        EXPECT_EQ(format->max_events, 1u);
    }
    EXPECT_EQ(kCloudEventsStructured.content_type, "application/cloudevents+json");
    EXPECT_EQ(kCloudEventsBinary.content_type, "application/json");
}

TEST(CloudEvents, TakesTheWebHooksFourStatusesForASuccess) {
    for (const long status : {200, 201, 202, 204})
        EXPECT_EQ(kCloudEventsBatch.judge(status, "").verdict, Verdict::accepted) << status;
    for (const long status : {203, 205, 206, 299, 429, 500, 503})
        EXPECT_EQ(kCloudEventsBatch.judge(status, "").verdict, Verdict::retry) << status;
    for (const long status : {301, 404, 410, 415})
        EXPECT_EQ(kCloudEventsBatch.judge(status, "").verdict, Verdict::wrong_address) << status;
    EXPECT_EQ(kCloudEventsBatch.judge(400, "").verdict, Verdict::event_refused);
    EXPECT_EQ(kCloudEventsBatch.judge(401, "").verdict, Verdict::unauthorized);
}

}  // namespace
}  // namespace eventlog::forward
