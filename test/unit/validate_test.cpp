#include "event/validate.h"

#include <limits>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "event/text_fields.h"
#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

using rules::id_of;
using rules::Rule;
using rules::sqlstate_of;
using rules::Violation;

std::string repeat(std::string_view text, size_t times) {
    std::string all;
    while (times-- > 0) all += text;
    return all;
}

// An object whose canonical JSON is that many bytes: {"k":"aaa…"}.
std::string object_of_bytes(size_t bytes) {
    const size_t frame = std::string_view(R"({"k":""})").size();
    return R"({"k":")" + std::string(bytes - frame, 'a') + R"("})";
}

std::string object_of_keys(size_t keys) {
    std::string json = "{";
    for (size_t i = 0; i < keys; i++) json += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":null";
    return json + "}";
}

class EventValidate : public testing::Test {
  protected:
    EventValidate() {
        event.event_name = "order.created";
        event.event_name_given = true;
    }

    std::optional<Violation> check() { return validate(event, limits, metadata_bytes); }

    void accepts() {
        const auto broken = check();
        EXPECT_FALSE(broken) << broken->message;
    }

    // Expects a violation of that rule, whose SQLSTATE is `sqlstate`, of that field, which its message names
    // first.
    Violation refuses(Rule rule, std::string_view sqlstate, Field field) {
        const auto broken = check();
        if (!broken) {
            ADD_FAILURE() << "accepted, not refused by " << rules::entry_of(rule).name;
            return {};
        }
        EXPECT_EQ(rules::entry_of(broken->rule).name, rules::entry_of(rule).name);
        EXPECT_EQ(sqlstate_of(broken->rule), sqlstate);
        EXPECT_EQ(broken->field, name_of(field));
        EXPECT_TRUE(broken->message.starts_with(std::string(name_of(field)) + " ")) << broken->message;
        EXPECT_FALSE(broken->message.ends_with('.')) << broken->message;
        EXPECT_TRUE(broken->detail.empty() || broken->detail.ends_with('.')) << broken->detail;
        EXPECT_TRUE(broken->hint.empty() || broken->hint.ends_with('.')) << broken->hint;
        return *broken;
    }

    void metadata(std::string_view json) {
        held.push_back(std::make_unique<test::Jsonb>(json));
        event.metadata = held.back()->container();
    }

    Event event;
    Limits limits;
    size_t metadata_bytes = 0;
    std::vector<std::unique_ptr<test::Jsonb>> held;
};

TEST_F(EventValidate, NameAlone) {
    accepts();
    EXPECT_EQ(metadata_bytes, 2u);
}

TEST_F(EventValidate, EveryField) {
    event.event_type = "business";
    event.source = "shop";
    event.actor_type = "user";
    event.actor_id = "42";
    event.resource_type = "order";
    event.resource_id = "o-1";
    event.schema_version = "1.4.0";
    event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    event.app_version = "2026.11";
    event.sofa = "cookie";
    event.idempotency_key = "dedupe-1";
    event.origin = Origin::frontend;
    event.event_ts = 0;
    event.value = 9.99;
    event.forward_to_statsig = true;
    metadata(R"({"a": {"_eventLog": 1}, "b": [1, 2]})");
    accepts();
    EXPECT_EQ(metadata_bytes, std::string_view(R"({"a":{"_eventLog":1},"b":[1,2]})").size());
}

TEST_F(EventValidate, NameMissing) {
    event.event_name = {};
    event.event_name_given = false;
    EXPECT_EQ(refuses(Rule::event_name_required, "22004", Field::event_name).message,
              "event_name is required");
}

TEST_F(EventValidate, NameBlank) {
    event.event_name = {};
    EXPECT_EQ(refuses(Rule::event_name_blank, "22023", Field::event_name).message, "event_name is blank");
}

TEST_F(EventValidate, NameIsAJsonLiteral) {
    for (const std::string_view name : {R"({"eventName":"a"})", "[1]", "{", "["}) {
        event.event_name = name;
        const Violation broken = refuses(Rule::event_name_json_literal, "22023", Field::event_name);
        EXPECT_NE(broken.hint.find("eventlog.log_envelope"), std::string::npos);
    }
    event.event_name = "a{";
    accepts();
}

TEST_F(EventValidate, NamingPolicy) {
    event.event_name = "Order Created";
    accepts();
    for (const NamingPolicy policy : {NamingPolicy::dotted, NamingPolicy::strict}) {
        limits.naming_policy = policy;
        const Violation broken =
            refuses(policy == NamingPolicy::strict ? Rule::event_name_strict : Rule::event_name_dotted,
                    "22023", Field::event_name);
        EXPECT_EQ(broken.detail, "The name is \"Order Created\".");
        EXPECT_NE(broken.hint.find(policy == NamingPolicy::strict ? "\"strict\"" : "\"dotted\""),
                  std::string::npos);
    }
    event.event_name = "shop.order.created";
    accepts();
}

TEST_F(EventValidate, TextLength) {
    for (const TextField& field : kTextFields) {
        if (!field.has_length_limit) continue;
        for (const std::string_view character : {"a", "é", "€", "😀"}) {
            Event with_pairs = event;
            with_pairs.actor_id = "1";
            with_pairs.resource_type = "t";
            with_pairs.resource_id = "1";
            std::swap(event, with_pairs);

            const std::string longest = repeat(character, 256);
            event.*field.member = longest;
            accepts();

            const std::string too_long = repeat(character, 257);
            event.*field.member = too_long;
            const Violation broken = refuses(
                field.field == Field::idempotency_key ? Rule::idempotency_key_length : Rule::text_length,
                "22001", field.field);
            EXPECT_EQ(broken.message, std::string(name_of(field.field)) + " is too long");
            EXPECT_EQ(broken.detail, "The limit is 256 characters, but the text has 257.");
            std::swap(event, with_pairs);
        }
    }
}

TEST_F(EventValidate, TextLengthConcernsTheseFields) {
    std::vector<std::string_view> limited;
    for (const TextField& field : kTextFields) {
        if (field.has_length_limit) limited.push_back(name_of(field.field));
    }
    EXPECT_EQ(limited, (std::vector<std::string_view>{"event_name", "event_type", "source", "actor_type",
                                                      "actor_id", "resource_type", "resource_id", "sofa",
                                                      "idempotency_key", "app_version"}));
}

TEST_F(EventValidate, MetadataIsAnObject) {
    metadata("{}");
    accepts();
    EXPECT_EQ(metadata_bytes, 2u);
    metadata("[1]");
    EXPECT_EQ(refuses(Rule::metadata_object, "22023", Field::metadata).detail, "The value is an array.");
    metadata("[]");
    refuses(Rule::metadata_object, "22023", Field::metadata);
    metadata("\"text\"");
    EXPECT_EQ(refuses(Rule::metadata_object, "22023", Field::metadata).detail, "The value is a string.");
    metadata("null");
    EXPECT_EQ(refuses(Rule::metadata_object, "22023", Field::metadata).detail, "The value is null.");
}

TEST_F(EventValidate, MetadataHoldsTheReservedKey) {
    metadata(R"({"_eventLog": null, "a": 1})");
    const Violation broken = refuses(Rule::metadata_reserved_key, "42939", Field::metadata);
    EXPECT_NE(broken.message.find("\"_eventLog\""), std::string::npos);
    EXPECT_FALSE(broken.hint.empty());
    metadata(R"({"_eventlog": 1, "_eventLog_": 1})");
    accepts();
}

TEST_F(EventValidate, MetadataKeys) {
    metadata(object_of_keys(256));
    accepts();
    metadata(object_of_keys(257));
    const Violation broken = refuses(Rule::metadata_keys, "54000", Field::metadata);
    EXPECT_EQ(broken.detail, "The limit for top-level keys is 256, but the object has 257.");
    EXPECT_NE(broken.hint.find("eventlog.max_metadata_keys"), std::string::npos);

    metadata(R"({"nested": )" + object_of_keys(257) + "}");
    accepts();
    limits.metadata_keys = 1;
    accepts();
    metadata(object_of_keys(2));
    EXPECT_EQ(refuses(Rule::metadata_keys, "54000", Field::metadata).detail,
              "The limit for top-level keys is 1, but the object has 2.");
}

TEST_F(EventValidate, MetadataBytes) {
    metadata(object_of_bytes(65536));
    accepts();
    EXPECT_EQ(metadata_bytes, 65536u);
    metadata(object_of_bytes(65537));
    const Violation broken = refuses(Rule::metadata_bytes, "54000", Field::metadata);
    EXPECT_EQ(broken.message, "metadata is too large");
    EXPECT_EQ(broken.detail, "The limit is 65536 bytes of canonical JSON, but the object has 65537.");
    EXPECT_NE(broken.hint.find("eventlog.max_metadata_bytes"), std::string::npos);

    limits.metadata_bytes = 1048576;
    accepts();
    metadata(object_of_bytes(1048576));
    accepts();
    metadata(object_of_bytes(1048577));
    refuses(Rule::metadata_bytes, "54000", Field::metadata);
}

TEST_F(EventValidate, MetadataBytesAreThoseOfUtf8) {
    limits.metadata_bytes = 12;
    metadata(R"({"k":"éé"})");
    accepts();
    metadata(R"({"k":"ééa"})");
    refuses(Rule::metadata_bytes, "54000", Field::metadata);
}

TEST_F(EventValidate, ActorPair) {
    event.actor_id = "42";
    accepts();
    event.actor_type = "user";
    accepts();
    event.actor_id = {};
    EXPECT_EQ(refuses(Rule::actor_pair, "22023", Field::actor_id).message,
              "actor_id is required where actor_type is given");
}

TEST_F(EventValidate, ResourcePair) {
    event.resource_type = "order";
    EXPECT_EQ(refuses(Rule::resource_pair, "22023", Field::resource_id).message,
              "resource_id is required where resource_type is given");
    event.resource_id = "o-1";
    accepts();
    event.resource_type = {};
    EXPECT_EQ(refuses(Rule::resource_pair, "22023", Field::resource_type).message,
              "resource_type is required where resource_id is given");
}

TEST_F(EventValidate, TraceId) {
    event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    accepts();
    event.trace_id = "00000000000000000000000000000000";
    refuses(Rule::trace_id_format, "22023", Field::trace_id);
    event.trace_id = "4BF92F3577B34DA6A3CE929D0E0E4736";
    refuses(Rule::trace_id_format, "22023", Field::trace_id);
    event.trace_id = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    refuses(Rule::trace_id_traceparent, "22023", Field::trace_id);
}

TEST_F(EventValidate, SchemaVersion) {
    event.schema_version = "1.0.0-rc.1+build.5";
    accepts();
    event.schema_version = "1.0";
    EXPECT_NE(refuses(Rule::schema_version_format, "22023", Field::schema_version).detail.find("\"1.0\""),
              std::string::npos);
}

TEST_F(EventValidate, ValueIsFinite) {
    using Double = std::numeric_limits<double>;
    for (const double value : {0.0, Double::max(), Double::lowest(), Double::denorm_min()}) {
        event.value = value;
        accepts();
    }
    event.value = Double::quiet_NaN();
    EXPECT_EQ(refuses(Rule::value_finite, "22003", Field::value).detail, "The value is NaN.");
    event.value = Double::infinity();
    EXPECT_EQ(refuses(Rule::value_finite, "22003", Field::value).detail, "The value is infinity.");
    event.value = -Double::infinity();
    EXPECT_EQ(refuses(Rule::value_finite, "22003", Field::value).detail, "The value is -infinity.");
}

TEST_F(EventValidate, EventTsIsFinite) {
    for (const Micros time : {kMinusInfinity + 1, Micros{0}, kTooLate - 1}) {
        event.event_ts = time;
        accepts();
    }
    event.event_ts = kInfinity;
    EXPECT_EQ(refuses(Rule::event_ts_finite, "22008", Field::event_ts).detail, "The value is infinity.");
    event.event_ts = kTooLate;
    EXPECT_EQ(refuses(Rule::event_ts_range, "22008", Field::event_ts).message, "event_ts is out of range");
    event.event_ts = kMinusInfinity;
    EXPECT_EQ(refuses(Rule::event_ts_finite, "22008", Field::event_ts).detail, "The value is -infinity.");
}

TEST_F(EventValidate, ReportsTheFirstBrokenRule) {
    const std::string too_long(257, 'a');
    limits.naming_policy = NamingPolicy::dotted;
    event.event_name = {};
    event.event_type = too_long;
    metadata("[]");
    event.actor_type = "user";
    event.resource_id = "o-1";
    event.trace_id = "x";
    event.schema_version = "x";
    event.value = std::numeric_limits<double>::infinity();
    event.event_ts = kInfinity;

    refuses(Rule::event_name_blank, "22023", Field::event_name);
    event.event_name = too_long;
    refuses(Rule::text_length, "22001", Field::event_name);
    event.event_name = "Name";
    refuses(Rule::event_name_dotted, "22023", Field::event_name);
    event.event_name = "a.b";
    refuses(Rule::text_length, "22001", Field::event_type);
    event.event_type = {};
    refuses(Rule::metadata_object, "22023", Field::metadata);
    event.metadata = {};
    refuses(Rule::actor_pair, "22023", Field::actor_id);
    event.actor_id = "42";
    refuses(Rule::resource_pair, "22023", Field::resource_type);
    event.resource_type = "order";
    refuses(Rule::trace_id_format, "22023", Field::trace_id);
    event.trace_id = {};
    refuses(Rule::schema_version_format, "22023", Field::schema_version);
    event.schema_version = {};
    refuses(Rule::value_finite, "22003", Field::value);
    event.value = {};
    refuses(Rule::event_ts_finite, "22008", Field::event_ts);
    event.event_ts = {};
    accepts();
}

TEST_F(EventValidate, QuotesLongValuesInPart) {
    const std::string version = "v" + repeat("é", 1000);
    event.schema_version = version;
    const Violation broken = refuses(Rule::schema_version_format, "22023", Field::schema_version);
    EXPECT_NE(broken.detail.find("\"v" + repeat("é", 63) + "…\""), std::string::npos);
}

TEST(EventValidateEnvelopeBytes, LimitIsOneMebibyte) {
    EXPECT_FALSE(validate_envelope_bytes({}, 1048576));
    const auto broken = validate_envelope_bytes({}, 1048577);
    ASSERT_TRUE(broken);
    EXPECT_EQ(sqlstate_of(broken->rule), "54000");
    EXPECT_EQ(id_of(broken->rule), "envelope_bytes");
    EXPECT_EQ(broken->message, "metadata makes the event too large");
    EXPECT_EQ(broken->detail,
              "The limit for the whole event is 1048576 bytes of canonical JSON, but it has 1048577.");
}

}  // namespace
}  // namespace eventlog::event
