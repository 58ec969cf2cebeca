#include <gtest/gtest.h>

#include <string>

#include "encode_row.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using test::RowWith;

std::string encoded(const event::StoredRow& row) {
    Encoded out;
    EXPECT_FALSE(kOtlp.encode(out, row, {}));
    return out.body;
}

// The attributes that `json` adds to those of every record.
std::string attributes_of(std::string_view json) {
    const RowWith with(json);
    const std::string text = encoded(with.row);
    const std::string before = R"({"key":"eventlog.origin","value":{"stringValue":"backend"}})";
    const size_t at = text.find(before) + before.size();
    return text.substr(at, text.size() - at - 2);
}

std::string value_of(std::string_view json) {
    const std::string text = attributes_of(R"({"k":)" + std::string(json) + "}");
    const std::string before = R"(,{"key":"k","value":)";
    EXPECT_TRUE(text.starts_with(before)) << text;
    return text.substr(before.size(), text.size() - before.size() - 1);
}

TEST(Otlp, AWholeRecord) {
    RowWith with(R"({"plan":"pro","_eventLog":{"forwardToStatsig":true}})");
    with.row.event_name = "order.paid";
    with.row.source = "shop";
    with.row.event_ts = 1795162530123456;
    with.row.ingested_at = 1795162530999999;
    with.row.trace_id = "0af7651916cd43dd8448eb211c80319c";
    with.row.actor_id = "ada";
    with.row.actor_type = "user";
    with.row.value = 19.5;
    Encoded out;
    ASSERT_FALSE(kOtlp.encode(out, with.row, {}));
    EXPECT_EQ(out.group, "shop");
    EXPECT_EQ(
        out.body,
        R"({"timeUnixNano":"1795162530123456000","observedTimeUnixNano":"1795162530999999000","severityNumber":9,)"
        R"("eventName":"order.paid","traceId":"0af7651916cd43dd8448eb211c80319c","attributes":[)"
        R"({"key":"log.record.uid","value":{"stringValue":"01K2SC8ZGTFK1SHH6W1G60EECF"}},)"
        R"({"key":"user.id","value":{"stringValue":"ada"}},)"
        R"({"key":"eventlog.actor_type","value":{"stringValue":"user"}},)"
        R"({"key":"eventlog.origin","value":{"stringValue":"backend"}},)"
        R"({"key":"eventlog.value","value":{"doubleValue":19.5}},)"
        R"({"key":"plan","value":{"stringValue":"pro"}}]})");
}

TEST(Otlp, ValuesOfEveryKind) {
    EXPECT_EQ(value_of("null"), "{}");
    EXPECT_EQ(value_of("true"), R"({"boolValue":true})");
    EXPECT_EQ(value_of("false"), R"({"boolValue":false})");
    EXPECT_EQ(value_of(R"("a\"b")"), R"({"stringValue":"a\"b"})");
    EXPECT_EQ(value_of("0"), R"({"intValue":"0"})");
    EXPECT_EQ(value_of("-12"), R"({"intValue":"-12"})");
    EXPECT_EQ(value_of("9223372036854775807"), R"({"intValue":"9223372036854775807"})");
    EXPECT_EQ(value_of("9223372036854775809"), R"({"stringValue":"9223372036854775809"})");
    EXPECT_EQ(value_of("1e20"), R"({"doubleValue":100000000000000000000})");
    EXPECT_EQ(value_of("1.5"), R"({"doubleValue":1.5})");
    EXPECT_EQ(value_of("1.50"), R"({"doubleValue":1.50})");
    EXPECT_EQ(value_of("0.000123456789012345"), R"({"doubleValue":0.000123456789012345})");
    EXPECT_EQ(value_of("0.30000000000000004"), R"({"doubleValue":0.30000000000000004})")
        << "the digits of a double";
    EXPECT_EQ(value_of("-1e-7"), R"({"doubleValue":-0.0000001})");
    EXPECT_EQ(value_of("0.00"), R"({"doubleValue":0.00})");
    EXPECT_EQ(value_of("0.3000000000000000444"), R"({"stringValue":"0.3000000000000000444"})")
        << "more digits than a double";
    EXPECT_EQ(value_of("-1e400"), R"({"stringValue":"-1)" + std::string(400, '0') + "\"}");
    EXPECT_EQ(value_of("1.5e-400"), R"({"stringValue":"0.)" + std::string(399, '0') + "15\"}");
    EXPECT_EQ(
        value_of("[1,\"a\",[]]"),
        R"({"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"a"},{"arrayValue":{"values":[]}}]}})");
    EXPECT_EQ(
        value_of(R"([{"a":1}])"),
        R"({"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}]}})");
    EXPECT_EQ(value_of("{}"), R"({"kvlistValue":{"values":[]}})");
}

TEST(Otlp, ObjectsAreFlattened) {
    EXPECT_EQ(attributes_of(R"({"a":{"b":{"c":1},"dd":2},"e":3})"),
              R"(,{"key":"a.b.c","value":{"intValue":"1"}},{"key":"a.dd","value":{"intValue":"2"}},)"
              R"({"key":"e","value":{"intValue":"3"}})");
}

TEST(Otlp, KeysAreUnique) {
    EXPECT_EQ(attributes_of(R"({"a.b":1,"a":{"b":2},"a.b#2":3})"),
              R"(,{"key":"a.b","value":{"intValue":"2"}},{"key":"a.b#2","value":{"intValue":"1"}},)"
              R"({"key":"a.b#2#2","value":{"intValue":"3"}})");
}

TEST(Otlp, KeysOfTheRecordItselfAreNotTheMetadatas) {
    EXPECT_EQ(attributes_of(
                  R"({"user":{"id":"x"},"log.record.uid":"y","eventlog":{"value":1},"":3,"user.name":"z"})"),
              R"(,{"key":"eventlog.metadata.","value":{"intValue":"3"}},)"
              R"({"key":"eventlog.metadata.eventlog.value","value":{"intValue":"1"}},)"
              R"({"key":"eventlog.metadata.log.record.uid","value":{"stringValue":"y"}},)"
              R"({"key":"eventlog.metadata.user.id","value":{"stringValue":"x"}},)"
              R"({"key":"user.name","value":{"stringValue":"z"}})");
}

TEST(Otlp, ALongPathIsNotRepeated) {
    const auto nested_in = [](size_t bytes) {
        return attributes_of(R"({")" + std::string(bytes, 'k') + R"(":{"a":1,"b":2}})");
    };
    EXPECT_TRUE(nested_in(256).ends_with(R"(k.b","value":{"intValue":"2"}})"));
    EXPECT_TRUE(nested_in(257).ends_with(
        R"(k","value":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"b","value":{"intValue":"2"}}]}}})"));
    std::string many;
    for (int i = 0; i < 4000; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    EXPECT_LT(attributes_of(R"({")" + std::string(30000, 'k') + R"(":{)" + many + "}}").size(), 300000u);
}

TEST(Otlp, WhatIsNestedDeepIsText) {
    std::string deep = "1";
    for (int i = 0; i < 500; ++i) deep = R"({"a":)" + deep + "}";
    const std::string text = attributes_of(deep);
    EXPECT_NE(text.find(R"(a.a.a","value":{"stringValue":"{\"a\":)"), std::string::npos)
        << text.substr(0, 300);
    std::string list = "1";
    for (int i = 0; i < 500; ++i) list = "[" + list + "]";
    EXPECT_NE(value_of(list).find(R"({"stringValue":"[[[)"), std::string::npos);
}

TEST(Otlp, ATimeThatNanosecondsSince1970CannotHoldIsAnAttribute) {
    RowWith with("{}");
    with.row.event_ts = -1;
    EXPECT_EQ(encoded(with.row).find("timeUnixNano"), std::string::npos);
    EXPECT_NE(encoded(with.row).find(
                  R"({"key":"eventlog.event_ts","value":{"stringValue":"1969-12-31T23:59:59.999999Z"}})"),
              std::string::npos);
    with.row.event_ts = INT64_MAX / 1000;
    EXPECT_TRUE(encoded(with.row).starts_with(R"({"timeUnixNano":"9223372036854775000")"));
    with.row.event_ts++;
    EXPECT_TRUE(encoded(with.row).starts_with(R"({"observedTimeUnixNano")"));
}

TEST(Otlp, ARequestGathersRecordsBySource) {
    std::string body;
    const std::vector<EncodedView> three = {{"{1}", "shop"}, {"{2}", "b\"ank"}, {"{3}", "shop"}};
    kOtlp.compose(body, three, {});
    EXPECT_EQ(
        body,
        R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
        R"("scopeLogs":[{"scope":{"name":"eventlog","version":"0.0.0-unit"},"logRecords":[{1},{3}]}]},)"
        R"({"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"b\"ank"}}]},)"
        R"("scopeLogs":[{"scope":{"name":"eventlog","version":"0.0.0-unit"},"logRecords":[{2}]}]}]})");
}

TEST(Otlp, PartialSuccessIsTakenAndReported) {
    struct Case {
        const char* body;
        uint64_t rejected;
        const char* note;
    };
    for (const auto& [body, rejected, note] : std::initializer_list<Case>{
             {"", 0, ""},
             {"{}", 0, ""},
             {"<html>", 0, ""},
             {R"({"partialSuccess":{}})", 0, ""},
             {R"({"partialSuccess":null})", 0, ""},
             {R"({"partialSuccess":{"rejectedLogRecords":"0"}})", 0, ""},
             {R"({"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"old"}})", 0, "old"},
             {R"({"partialSuccess":{"rejectedLogRecords":"12","errorMessage":"a\"b\u00e9"}})", 12, "a\"bé"},
             {R"({"partialSuccess": {"rejectedLogRecords" : 12 }})", 12,
              R"({"partialSuccess": {"rejectedLogRecords" : 12 }})"},
             {R"({"partialSuccess":{"rejectedLogRecords":-1}})", 0, ""},
             {R"({"partialSuccess":{"rejectedLogRecords":"18446744073709551616","errorMessage":"a"}})",
              UINT64_MAX, "a"},
             {R"({"partialSuccess":{"rejectedLogRecords":"x"}})", 0, ""},
             {R"({"note":"\"rejectedLogRecords\":3","rejectedLogRecords":4})", 0, ""},
             {R"({"partialSuccess":{"rejectedLogRecords":"12","errorMessage":"cut off)", 12, "\"cut off"},
         }) {
        const Judgement judgement = kOtlp.judge(200, body);
        EXPECT_EQ(judgement.verdict, Verdict::accepted) << body;
        EXPECT_EQ(judgement.rejected, rejected) << body;
        EXPECT_EQ(judgement.note, note) << body;
    }
    const Judgement refused = kOtlp.judge(400, R"({"partialSuccess":{"rejectedLogRecords":1}})");
    EXPECT_EQ(refused.verdict, Verdict::event_refused);
    EXPECT_EQ(refused.rejected, 0u);
    for (const long status : {429, 500, 502, 503, 504})
        EXPECT_EQ(kOtlp.judge(status, "").verdict, Verdict::retry) << status;
    EXPECT_EQ(kOtlp.judge(413, "").verdict, Verdict::too_large);
    EXPECT_EQ(kOtlp.judge(404, "").verdict, Verdict::wrong_address);
}

TEST(Otlp, TheLargestRequestIsWithinTheLimit) {
    // Each of the most events that a batch may have of another source, and that of characters to escape.
    std::string source(256, '\x01');
    std::string body;
    const std::vector<EncodedView> one = {{"", source}};
    kOtlp.compose(body, one, {});
    EXPECT_LE(kOtlp.max_request_bytes + 10000 * body.size(), 64u * 1048576);
}

}  // namespace
}  // namespace eventlog::forward
