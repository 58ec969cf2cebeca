#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "encode_row.h"
#include "forward/encode/format.h"

namespace eventlog::forward {
namespace {

using namespace std::string_literals;
using test::RowWith;

// The encoded event, or the reason after "refused: ".
std::string encoded(const event::StoredRow& row, const EncodeOptions& options = {}) {
    Encoded out;
    const std::optional<std::string> reason = kStatsig.encode(out, row, options);
    return reason ? "refused: " + *reason : out.body;
}

// The metadata of our id and these members, which come after it.
std::string id_and(std::string_view members) {
    return R"({"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f")"s.append(members.empty() ? "" : ",")
               .append(members) +
           "}";
}

// Returns the metadata that is sent of an event that has `json`.
std::string metadata_of(std::string_view json) {
    const RowWith with(json);
    const std::string text = encoded(with.row);
    const std::string key = R"("metadata":)";
    const size_t at = text.find(key) + key.size();
    return text.substr(at, text.size() - at - 1);
}

TEST(Statsig, AWholeEvent) {
    RowWith with(R"({"plan":"pro","seats":12,"trial":false,"_eventLog":{"forwardToStatsig":true}})");
    with.row.event_name = "checkout.completed";
    with.row.event_ts = 1795162530123456;
    with.row.value = 19.99;
    EXPECT_EQ(
        encoded(with.row),
        R"({"eventName":"checkout.completed","user":{"userID":"service:events"},"time":1795162530123,"value":19.99,)"
        R"("metadata":{"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f","plan":"pro","seats":"12","trial":"false"}})");
}

TEST(Statsig, ANullValueIsLeftOut) {
    RowWith with("{}");
    with.row.event_name = "a";
    with.row.event_ts = 0;
    EXPECT_EQ(encoded(with.row), R"({"eventName":"a","user":{"userID":"service:events"},"time":0,)"
                                 R"("metadata":{"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f"}})");
}

TEST(Statsig, AbsentMetadataIsEmpty) {
    RowWith with("{}");
    with.row.metadata = {};
    EXPECT_NE(encoded(with.row).find(R"("metadata":{"_eventId":"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f"}})"),
              std::string::npos);
}

TEST(Statsig, TimeIsTheMillisecondBegunBeforeAndAfter1970) {
    RowWith with("{}");
    const auto time_of = [&with](event::Micros time) {
        with.row.event_ts = time;
        const std::string text = encoded(with.row);
        const size_t at = text.find(R"("time":)") + 7;
        return text.substr(at, text.find(',', at) - at);
    };
    EXPECT_EQ(time_of(999), "0");
    EXPECT_EQ(time_of(1000), "1");
    EXPECT_EQ(time_of(-1), "-1");
    EXPECT_EQ(time_of(-1000), "-1");
    EXPECT_EQ(time_of(-1001), "-2");
    EXPECT_EQ(time_of(std::numeric_limits<event::Micros>::max()), "9223372036854775");
    EXPECT_EQ(time_of(std::numeric_limits<event::Micros>::min()), "-9223372036854776");
}

TEST(Statsig, ScalarsBecomeTheirJsonText) {
    EXPECT_EQ(
        metadata_of(R"({"a":"text","b":0,"c":-1.50,"d":12345678901234567890,"e":true,"f":false,"g":""})"),
        id_and(R"("a":"text","b":"0","c":"-1.50",)"
               R"("d":"12345678901234567890","e":"true","f":"false","g":"")"));
}

TEST(Statsig, StringsAreEscapedOnce) {
    EXPECT_EQ(metadata_of("{\"a\\\"b\":\"c\\\\d\\n\x01é/\"}"), id_and(R"("a\"b":"c\\d\n\u0001é/")"));
}

TEST(Statsig, NestedValuesBecomeCanonicalText) {
    EXPECT_EQ(
        metadata_of(R"({"list":[1,"x\"y",null,true,[]],"object":{"bb":1,"a":{"z":"\\"},"B":null}})"),
        id_and(
            R"("list":"[1,\"x\\\"y\",null,true,[]]","object":"{\"B\":null,\"a\":{\"z\":\"\\\\\"},\"bb\":1}")"));
    EXPECT_EQ(metadata_of(R"({"e":{},"l":[]})"), id_and(R"("e":"{}","l":"[]")"));
}

TEST(Statsig, JsonNullIsLeftOut) {
    EXPECT_EQ(metadata_of(R"({"a":null,"b":"x","c":null})"), id_and(R"("b":"x")"));
}

TEST(Statsig, TheReservedKeyIsLeftOut) {
    EXPECT_EQ(metadata_of(R"({"_eventLog":{"forwardToStatsig":true,"caller":{"principalId":"p"}}})"),
              id_and(""));
    EXPECT_EQ(metadata_of(R"({"a":{"_eventLog":1}})"), id_and(R"("a":"{\"_eventLog\":1}")"));
}

TEST(Statsig, TheCallersEventIdLosesAgainstOurs) {
    EXPECT_EQ(metadata_of(R"({"_eventId":"mine","a":"x"})"), id_and(R"("a":"x")"));
    EXPECT_EQ(metadata_of(R"({"_eventId":null})"), id_and(""));
}

TEST(Statsig, KeysAreInCodePointOrder) {
    EXPECT_EQ(metadata_of("{\"z\":\"1\",\"aa\":\"2\",\"a\":\"3\",\"Z\":\"4\",\"é\":\"5\",\"\U0001F600\":"
                          "\"6\",\"\uFFFF\":\"7\",\"\":\"8\",\"_f\":\"9\"}"),
              "{\"\":\"8\",\"Z\":\"4\",\"_eventId\":\"0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f\",\"_f\":\"9\","
              "\"a\":\"3\","
              "\"aa\":\"2\",\"z\":\"1\",\"é\":\"5\",\"\uFFFF\":\"7\",\"\U0001F600\":\"6\"}");
}

TEST(Statsig, ManyKeysAreAllSent) {
    std::string json;
    std::string expected;
    for (int i = 1000; i < 1300; ++i) {
        const std::string number = std::to_string(i);
        const std::string comma = json.empty() ? "" : ",";
        json += comma + "\"k" + number + "\":" + number;
        expected += comma + "\"k" + number + "\":\"" + number + "\"";
    }
    EXPECT_EQ(metadata_of("{" + json + "}"), id_and(expected));
}

TEST(Statsig, TheUserIsThePrincipalOrTheActor) {
    RowWith with("{}");
    const auto user_of = [&with](const EncodeOptions& options) {
        const std::string text = encoded(with.row, options);
        const size_t at = text.find(R"("user":)") + 7;
        return text.substr(at, text.find('}', at) + 1 - at);
    };
    with.row.actor_id = "u\"1";
    EXPECT_EQ(user_of({}), R"({"userID":"service:events"})");
    EXPECT_EQ(user_of({.user_principal = "svc"}), R"({"userID":"svc"})");
    EXPECT_EQ(user_of({.user_is_actor = true}), R"({"userID":"u\"1"})");
    with.row.actor_id = {};
    EXPECT_EQ(user_of({.user_is_actor = true}), R"({"userID":"service:events"})");
}

TEST(StatsigRefuses, ANameOverTheLimit) {
    RowWith with("{}");
    const std::string longest = std::string(63, 'a') + "é";
    with.row.event_name = longest;
    EXPECT_TRUE(encoded(with.row).starts_with(R"({"eventName":")")) << "characters count, not bytes";
    const std::string longer = longest + "b";
    with.row.event_name = longer;
    EXPECT_EQ(encoded(with.row),
              "refused: The event name has 65 characters; the target's option max_name_length allows 64.");
    EXPECT_TRUE(encoded(with.row, {.max_name_length = 65}).starts_with("{"));
}

TEST(StatsigRefuses, ANameWithACharacterThatIsDropped) {
    RowWith with("{}");
    for (const char c : "\\[]{}<>#=;&$%`|\r\n"s + '\0') {
        const std::string name = "a"s + c + "b";
        with.row.event_name = name;
        EXPECT_TRUE(encoded(with.row).starts_with("refused: The event name holds ")) << static_cast<int>(c);
    }
    with.row.event_name = "a{b";
    EXPECT_EQ(
        encoded(with.row),
        "refused: The event name holds \"{\", and Statsig drops such an event: log it under another name.");
    with.row.event_name = "a\nb";
    EXPECT_EQ(encoded(with.row),
              "refused: The event name holds a line feed, and Statsig drops such an event: log it under "
              "another name.");
}

TEST(StatsigRefuses, NoOtherCharacterOfAName) {
    RowWith with("{}");
    std::string name;
    for (int c = 1; c < 128; ++c) {
        if (std::string_view("\\[]{}<>#=;&$%`|\r\n").find(static_cast<char>(c)) == std::string_view::npos)
            name += static_cast<char>(c);
    }
    name += "é€";
    with.row.event_name = name;
    EXPECT_TRUE(encoded(with.row, {.max_name_length = 200}).starts_with("{"));
}

TEST(StatsigRefuses, AUserIdOverTheLimit) {
    RowWith with("{}");
    const std::string longer(65, 'u');
    const std::string refused =
        "refused: The user id has 65 characters; the target's option max_name_length allows 64.";
    EXPECT_EQ(encoded(with.row, {.user_principal = longer}), refused);
    with.row.actor_id = longer;
    EXPECT_EQ(encoded(with.row, {.user_is_actor = true}), refused);
    EXPECT_TRUE(encoded(with.row).starts_with("{"));
}

TEST(StatsigRefuses, AMetadataValueOverTheLimit) {
    const RowWith text(R"({"a":"x","k\"":"12345678é"})");
    EXPECT_TRUE(encoded(text.row).starts_with("{")) << "no limit";
    EXPECT_TRUE(encoded(text.row, {.max_value_length = 9}).starts_with("{")) << "ours is not counted";
    EXPECT_EQ(
        encoded(text.row, {.max_value_length = 8}),
        R"(refused: A metadata value has 9 characters; the target's option max_value_length allows 8. Its key: "k\"")");

    const RowWith nested(R"({"k":{"b":1,"a":2}})");
    EXPECT_TRUE(encoded(nested.row, {.max_value_length = 13}).starts_with("{"));
    EXPECT_TRUE(
        encoded(nested.row, {.max_value_length = 12}).starts_with("refused: A metadata value has 13 "));

    const RowWith number(R"({"k":12345})");
    EXPECT_TRUE(encoded(number.row, {.max_value_length = 4}).starts_with("refused: A metadata value has 5 "));
    const RowWith hidden(R"({"_eventLog":{"caller":{"principalId":"abcdefgh"}},"_eventId":"abcdefgh"})");
    EXPECT_TRUE(encoded(hidden.row, {.max_value_length = 4}).starts_with("{"))
        << "what is not sent is not counted";
}

TEST(StatsigJudge, A2xxIsAcceptedWhenItSaysSuccess) {
    for (const std::string_view body : {
             R"({"success":true})",
             " \r\n{ \"success\" : true } ",
             R"({"success":true,"more":1})",
             R"({"other":[{"success":false}],"success":true})",
             R"({"text":"\"success\":false,{","n":-1.5e3,"success":true})",
             R"({"note":"success","success":true})",
             R"({"text":"\"","success":true})",
             "{\"success\":true\n}",
         }) {
        EXPECT_EQ(kStatsig.judge(202, body).verdict, Verdict::accepted) << body;
        EXPECT_EQ(kStatsig.judge(200, body).verdict, Verdict::accepted) << body;
    }
}

TEST(StatsigJudge, AnyOther2xxIsTriedAgain) {
    for (const std::string_view body : {
             "",
             " ",
             "null",
             "true",
             "success",
             R"("success":true)",
             "<html>\"success\":true</html>",
             R"([{"success":true}])",
             "{}",
             R"({"success":false})",
             R"({"success":null})",
             R"({"success":"true"})",
             R"({"success":1})",
             R"({"success":trueish})",
             R"({"success":tru)",
             R"({"success":)",
             R"({"success")",
             R"({"success)",
             R"({"data":{"success":true}})",
             R"({"data":[{"success":true}]})",
             R"({"Success":true})",
             R"({"a":"success\":true"})",
             R"({"a":"\\"}{"success":true})",
             R"({"a":"\)",
             R"({"a":["success":true])",
             "{\"",
             "{",
         }) {
        EXPECT_EQ(kStatsig.judge(202, body).verdict, Verdict::retry) << body;
    }
}

TEST(StatsigJudge, OtherStatusesAreJudgedAlone) {
    for (const std::string_view body : {"", R"({"success":true})"}) {
        EXPECT_EQ(kStatsig.judge(400, body).verdict, Verdict::event_refused);
        EXPECT_EQ(kStatsig.judge(401, body).verdict, Verdict::unauthorized);
        EXPECT_EQ(kStatsig.judge(404, body).verdict, Verdict::wrong_address);
        EXPECT_EQ(kStatsig.judge(413, body).verdict, Verdict::too_large);
        EXPECT_EQ(kStatsig.judge(503, body).verdict, Verdict::retry);
        EXPECT_EQ(kStatsig.judge(0, body).verdict, Verdict::retry);
    }
}

}  // namespace
}  // namespace eventlog::forward
