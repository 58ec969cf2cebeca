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
    Encoded out;
    EXPECT_FALSE(kNdjson.encode(out, with.row, {}));
    EXPECT_EQ(out.body,
              R"({"actor_id":"u1","actor_type":"user","event_id":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f",)"
              R"("event_name":"checkout.completed","event_ts":"2026-11-20T08:15:30.123456Z",)"
              R"("ingested_at":"2026-11-20T08:15:31.000000Z",)"
              R"("metadata":{"_eventLog":{"forwardToStatsig":false},"plan":"pro\n"},)"
              R"("origin":"backend","source":"unit","value":1.5})");
}

TEST(Ndjson, NoLimitOfNamesOrValues) {
    RowWith with(R"({"k":"0123456789"})");
    const std::string name(256, '{');
    with.row.event_name = name;
    Encoded out;
    EXPECT_FALSE(kNdjson.encode(out, with.row, {.max_value_length = 1}));
}

TEST(Ndjson, A2xxIsAcceptedWhateverItsBody) {
    EXPECT_EQ(kNdjson.judge(200, "").verdict, Verdict::accepted);
    EXPECT_EQ(kNdjson.judge(204, "anything").verdict, Verdict::accepted);
    EXPECT_EQ(kNdjson.judge(500, "").verdict, Verdict::retry);
    EXPECT_EQ(kNdjson.judge(400, "").verdict, Verdict::event_refused);
}

TEST(Ndjson, MetadataAsText) {
    RowWith with(R"({"plan":"pro\n","_eventLog":{"forwardToStatsig":false}})");
    with.row.event_name = R"(x"metadata":{"y)";
    Encoded out;
    EXPECT_FALSE(kNdjsonText.encode(out, with.row, {}));
    EXPECT_NE(
        out.body.find(
            R"("metadata":"{\"_eventLog\":{\"forwardToStatsig\":false},\"plan\":\"pro\\n\"}","origin":"backend")"),
        std::string::npos)
        << out.body;
    EXPECT_NE(out.body.find(R"("event_name":"x\"metadata\":{\"y")"), std::string::npos) << out.body;
}

std::string completed(std::string url) {
    kNdjson.complete_url(url, {.now = 0, .token = "A-B-2"});
    return url;
}

TEST(Ndjson, TheBatchsTokenInAUrl) {
    EXPECT_EQ(completed("http://h/p"), "http://h/p");
    EXPECT_EQ(completed("http://h/{batch}?t={batch}&u=1"), "http://h/A-B-2?t=A-B-2&u=1");
}

TEST(Ndjson, WhatAnInsertIntoClickHouseNeeds) {
    const std::string needs = "&date_time_input_format=best_effort&input_format_skip_unknown_fields=0";
    for (const char* insert :
         {"INSERT%20INTO%20t%20FORMAT%20JSONEachRow", "insert+into+t+format+JSONEachRow"}) {
        const std::string url = "http://h/?query=" + std::string(insert);
        EXPECT_EQ(completed(url), url + needs);
        EXPECT_EQ(completed(url + "&async_insert=1"),
                  url + "&async_insert=1" + needs + "&wait_for_async_insert=1");
        EXPECT_EQ(completed(url + "&async_insert=1&wait_for_async_insert=0"),
                  url + "&async_insert=1&wait_for_async_insert=0" + needs);
    }
    const std::string own =
        "http://h/?date_time_input_format=basic&input_format_skip_unknown_fields=1"
        "&query=INSERT%20INTO%20t%20FORMAT%20JSONEachRow";
    EXPECT_EQ(completed(own), own);
    const std::string insert = "INSERT%20INTO%20t%20FORMAT%20JSONEachRow";
    EXPECT_EQ(completed("http://h/?async_insert=1&query=" + insert),
              "http://h/?async_insert=1&query=" + insert + needs + "&wait_for_async_insert=1");
    const std::string async = "INSERT%20INTO%20t%20SETTINGS%20async_insert=1%20FORMAT%20JSONEachRow";
    EXPECT_EQ(completed("http://h/?query=" + async),
              "http://h/?query=" + async + needs + "&wait_for_async_insert=1");
    EXPECT_EQ(completed("http://h/?query=" + insert + "&insert_deduplication_token={batch}#f"),
              "http://h/?query=" + insert + "&insert_deduplication_token=A-B-2" + needs + "#f");
    // The name of a setting elsewhere is not that setting.
    EXPECT_EQ(completed("http://h/?log_comment=date_time_input_format=x&query=" + insert),
              "http://h/?log_comment=date_time_input_format=x&query=" + insert + needs);
    for (const char* url :
         {"http://h/?query=SELECT%201", "http://h/?q=INSERT+INTO+t+FORMAT+JSONEachRow",
          "http://h/#?query=INSERT+INTO+t+FORMAT+JSONEachRow", "http://h/?query=INSERT+INTO+t+FORMAT+CSV",
          "http://h/?query=", "http://h/?query", "http://h/?", "http://h/?&"})
        EXPECT_EQ(completed(url), url);
}

TEST(Ndjson, AnExceptionOfClickHouseIsNoSuccess) {
    for (const char* body :
         {"Code: 241. DB::Exception: Memory limit (total) exceeded: would use 9.00 GiB. "
          "(MEMORY_LIMIT_EXCEEDED)",
          "{\"n\":1}\n{\"n\":2}\nCode: 241. DB::Exception: Timeout", "Code: x\nCode: 241. DB::Exception"}) {
        const Judgement judgement = kNdjson.judge(200, body);
        EXPECT_EQ(judgement.verdict, Verdict::retry) << body;
        EXPECT_EQ(judgement.note, "exception 241") << body;
        EXPECT_EQ(kNdjsonText.judge(200, body).verdict, Verdict::retry);
        EXPECT_EQ(kNdjson.judge(400, body).verdict, Verdict::event_refused);
    }
    for (const char* body : {"", "Code: 241", "Code: . DB::Exception", "DB::Exception", "Code: 0. OK"})
        EXPECT_EQ(kNdjson.judge(200, body).verdict, Verdict::accepted) << body;
    EXPECT_EQ(judge_answer(kNdjson, {200, "", "395"}, 1).verdict, Verdict::retry);
    EXPECT_EQ(judge_answer(kNdjson, {200, "", "395"}, 1).note, "exception 395");
    EXPECT_EQ(judge_answer(kNdjson, {400, "", "27"}, 1).verdict, Verdict::event_refused);
    EXPECT_EQ(judge_answer(kNdjson, {200, "", ""}, 1).verdict, Verdict::accepted);
}

}  // namespace
}  // namespace eventlog::forward
