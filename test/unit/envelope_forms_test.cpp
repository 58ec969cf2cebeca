#include "event/envelope_forms.h"

#include <string>

#include <gtest/gtest.h>

#include "event/iso8601.h"
#include "event/json_number.h"
#include "event/normalise.h"
#include "event/validate.h"
#include "jsonb/canonical.h"
#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

using rules::entry_of;
using rules::Rule;

// Returns the event of an envelope: the given fields as `name=value` in the order of Field, joined by a
// blank.
std::string read(std::string_view json) {
    const test::Jsonb envelope(json);
    Event event;
    if (const auto broken = read_envelope(envelope.container(), event)) return "refused: " + broken->message;
    normalise(event);

    std::string fields;
    const auto add = [&fields](Field field, std::string_view value) {
        if (!given(value)) return;
        if (!fields.empty()) fields += ' ';
        (fields += name_of(field)) += '=';
        fields += value;
    };
    add(Field::event_name, event.event_name);
    add(Field::event_type, event.event_type);
    add(Field::source, event.source);
    if (event.origin) add(Field::origin, *event.origin == Origin::frontend ? "frontend" : "backend");
    add(Field::actor_type, event.actor_type);
    add(Field::actor_id, event.actor_id);
    add(Field::resource_type, event.resource_type);
    add(Field::resource_id, event.resource_id);
    std::string text;
    if (event.event_ts) {
        append_iso8601(text, *event.event_ts);
        add(Field::event_ts, text);
    }
    text.clear();
    if (event.value) {
        append_double(text, *event.value);
        add(Field::value, text);
    }
    text.clear();
    if (event.metadata.given()) {
        jsonb::append_canonical(text, event.metadata);
        add(Field::metadata, text);
    }
    add(Field::schema_version, event.schema_version);
    add(Field::trace_id, event.trace_id);
    add(Field::app_version, event.app_version);
    add(Field::sofa, event.sofa);
    if (event.forward_to_statsig)
        add(Field::forward_to_statsig, *event.forward_to_statsig ? "true" : "false");
    add(Field::idempotency_key, event.idempotency_key);
    return fields;
}

struct AcceptedCase {
    std::string_view json;
    std::string_view fields;
};

constexpr std::string_view kEveryArgument =
    "event_name=a event_type=b source=c origin=frontend actor_type=d actor_id=e resource_type=f "
    "resource_id=g "
    "event_ts=2026-11-20T08:15:30.000000Z value=1.5 metadata={\"m\":1} schema_version=1.0.0 trace_id=h "
    "app_version=i "
    "sofa=j forward_to_statsig=true idempotency_key=k";

constexpr AcceptedCase kAccepted[] = {
    // Native.
    {R"({"eventName": "a"})", "event_name=a"},
    {R"({"event_name": "a"})", "event_name=a"},
    {R"({"eventName": "a", "eventType": "b", "source": "c", "origin": "frontend", "actorType": "d", "actorId": "e",
         "resourceType": "f", "resourceId": "g", "eventTs": "2026-11-20T08:15:30Z", "value": 1.5,
         "metadata": {"m": 1}, "schemaVersion": "1.0.0", "traceId": "h", "appVersion": "i", "sofa": "j",
         "forwardToStatsig": true, "idempotencyKey": "k"})",
     kEveryArgument},
    {R"({"event_name": "a", "event_type": "b", "source": "c", "origin": "frontend", "actor_type": "d", "actor_id": "e",
         "resource_type": "f", "resource_id": "g", "event_ts": "2026-11-20T08:15:30Z", "value": 1.5,
         "metadata": {"m": 1}, "schema_version": "1.0.0", "trace_id": "h", "app_version": "i", "sofa": "j",
         "forward_to_statsig": true, "idempotency_key": "k"})",
     kEveryArgument},
    {R"({"event_name": "a", "eventType": "b", "actor_id": "e"})", "event_name=a event_type=b actor_id=e"},
    {R"({"eventName": "a", "origin": "backend", "forwardToStatsig": false})",
     "event_name=a origin=backend forward_to_statsig=false"},
    {R"({"eventName": "a", "metadata": {}})", "event_name=a metadata={}"},
    // Numbers.
    {R"({"eventName": "a", "value": 0})", "event_name=a value=0"},
    {R"({"eventName": "a", "value": -12.25})", "event_name=a value=-12.25"},
    {R"({"eventName": "a", "value": 1.7976931348623157e308})", "event_name=a value=1.7976931348623157e+308"},
    {R"({"eventName": "a", "value": 5e-324})", "event_name=a value=5e-324"},
    // A null is as if the key were absent, also where the key is not of the form.
    {R"({"eventName": "a", "event_name": null, "service": null, "type": null, "metadata": null, "value": null,
         "eventTs": null, "origin": null, "eventId": null, "_eventLog": null, "whatever": null})",
     "event_name=a"},
    {R"({"eventName": "a", "actorId": null, "actor_id": "e"})", "event_name=a actor_id=e"},
    // Text is trimmed; a blank one is as if omitted.
    {R"({"eventName": " a ", "actorId": " ", "origin": " backend\n", "eventTs": " 2026-11-20\t", "sofa": ""})",
     "event_name=a origin=backend event_ts=2026-11-20T00:00:00.000000Z"},
    {R"({"eventName": "a", "origin": " ", "eventTs": " "})", "event_name=a"},
    // Central.
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20T09:15:30+01:00"})",
     "event_name=a source=s event_ts=2026-11-20T08:15:30.000000Z"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20T08:15:30.25", "actor": {"type": "d", "id": "e"},
         "resource": {"id": "g", "type": "f"}, "metadata": {"m": [1]}, "idempotencyKey": "k",
         "forwardToStatsig": false, "appVersion": "i"})",
     "event_name=a source=s actor_type=d actor_id=e resource_type=f resource_id=g "
     "event_ts=2026-11-20T08:15:30.250000Z metadata={\"m\":[1]} app_version=i forward_to_statsig=false "
     "idempotency_key=k"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "actor": null, "resource": null,
         "metadata": null, "eventName": null})",
     "event_name=a source=s event_ts=2026-11-20T00:00:00.000000Z"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20",
         "actor": {"type": "d", "id": "e", "name": null}})",
     "event_name=a source=s actor_type=d actor_id=e event_ts=2026-11-20T00:00:00.000000Z"},
    // Platform.
    {R"({"type": "a", "source": "s"})", "event_name=a source=s"},
    {R"({"type": "a", "source": "s", "id": "k", "data": {"m": {}}, "schemaVersion": "1.0.0",
         "timestamp": "2026-11-20T08:15:30Z", "traceId": "h", "forwardToStatsig": true, "appVersion": "i"})",
     "event_name=a source=s event_ts=2026-11-20T08:15:30.000000Z metadata={\"m\":{}} schema_version=1.0.0 "
     "trace_id=h "
     "app_version=i forward_to_statsig=true idempotency_key=k"},
    {R"({"type": "a", "source": "s", "id": null, "idempotencyKey": "k"})",
     "event_name=a source=s idempotency_key=k"},
};

TEST(EnvelopeForms, Accepted) {
    for (const AcceptedCase& c : kAccepted) EXPECT_EQ(read(c.json), c.fields) << c.json;
}

struct RefusedCase {
    std::string_view json;
    Rule rule;
    std::string_view field;  // as the caller wrote it
    std::string_view named;  // in the message
};

constexpr RefusedCase kRefused[] = {
    // No object.
    {"[]", Rule::envelope_array, "envelope", "envelope"},
    {R"([{"eventName": "a"}])", Rule::envelope_array, "envelope", "envelope"},
    {"\"a\"", Rule::envelope_object, "envelope", "envelope"},
    {"1", Rule::envelope_object, "envelope", "envelope"},
    {"null", Rule::envelope_object, "envelope", "envelope"},
    // No form, or two.
    {"{}", Rule::envelope_form, "envelope", "\"eventName\", \"service\", \"type\""},
    {R"({"eventName": null})", Rule::envelope_form, "envelope", "\"eventName\", \"service\", \"type\""},
    {R"({"metadata": {}, "actorId": "e"})", Rule::envelope_form, "envelope", "\"eventName\""},
    {R"({"eventType": "a", "eventTimestamp": "2026-11-20"})", Rule::envelope_form, "envelope", "\"service\""},
    {R"({"Type": "a"})", Rule::envelope_form, "envelope", "\"type\""},
    {R"({"eventName": "a", "service": "s"})", Rule::envelope_two_forms, "service",
     "\"eventName\" and \"service\""},
    {R"({"event_name": "a", "type": "b"})", Rule::envelope_two_forms, "type", "\"event_name\" and \"type\""},
    {R"({"service": "s", "type": "b"})", Rule::envelope_two_forms, "type", "\"service\" and \"type\""},
    {R"({"eventName": "a", "service": "s", "type": "b"})", Rule::envelope_two_forms, "service",
     "\"eventName\""},
    {R"({"eventName": "a", "type": ""})", Rule::envelope_two_forms, "type", "\"type\""},
    // Keys that are not of the form.
    {R"({"eventName": "a", "colour": "red"})", Rule::envelope_key, "colour", "\"colour\""},
    {R"({"eventName": "a", "": 1})", Rule::envelope_key, "", "\"\""},
    {R"({"eventName": "a", "actorid": "e"})", Rule::envelope_key, "actorid", "\"actorid\""},
    {R"({"eventName": "a", "actor": {"type": "d", "id": "e"}})", Rule::envelope_key, "actor", "\"actor\""},
    {R"({"eventName": "a", "data": {}})", Rule::envelope_key, "data", "\"data\""},
    {R"({"eventName": "a", "timestamp": "2026-11-20"})", Rule::envelope_key, "timestamp", "\"timestamp\""},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "source": "s"})",
     Rule::envelope_key, "source", "\"source\""},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "actorId": "e"})",
     Rule::envelope_key, "actorId", "\"actorId\""},
    {R"({"service": "s", "event_type": "a", "eventTimestamp": "2026-11-20"})", Rule::envelope_key,
     "event_type", "\"event_type\""},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "idempotency_key": "k"})",
     Rule::envelope_key, "idempotency_key", "\"idempotency_key\""},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "traceId": "h"})",
     Rule::envelope_key, "traceId", "\"traceId\""},
    {R"({"type": "a", "source": "s", "metadata": {}})", Rule::envelope_key, "metadata", "\"metadata\""},
    {R"({"type": "a", "source": "s", "eventType": "b"})", Rule::envelope_key, "eventType", "\"eventType\""},
    {R"({"type": "a", "source": "s", "schema_version": "1.0.0"})", Rule::envelope_key, "schema_version",
     "\"schema_version\""},
    {R"({"type": "a", "source": "s", "sofa": "j"})", Rule::envelope_key, "sofa", "\"sofa\""},
    // Keys that no caller may give.
    {R"({"eventName": "a", "_eventLog": {}})", Rule::envelope_key_reserved, "_eventLog", "\"_eventLog\""},
    {R"({"eventName": "a", "eventId": "1"})", Rule::envelope_key_of_id, "eventId", "\"eventId\""},
    {R"({"eventName": "a", "event_id": "1"})", Rule::envelope_key_of_id, "event_id", "\"event_id\""},
    {R"({"eventName": "a", "tenantId": "1"})", Rule::envelope_key_of_tenant, "tenantId", "\"tenantId\""},
    {R"({"eventName": "a", "tenant_id": "1"})", Rule::envelope_key_of_tenant, "tenant_id", "\"tenant_id\""},
    {R"({"eventName": "a", "id": "1"})", Rule::envelope_key_of_id, "id", "\"id\""},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", "id": "1"})",
     Rule::envelope_key_of_id, "id", "\"id\""},
    {R"({"type": "a", "source": "s", "eventId": "1"})", Rule::envelope_key_of_id, "eventId", "\"eventId\""},
    {R"({"type": "a", "source": "s", "tenantId": "1"})", Rule::envelope_key_of_tenant, "tenantId",
     "\"tenantId\""},
    // The same field twice.
    {R"({"eventName": "a", "event_name": "a"})", Rule::envelope_key_twice, "event_name",
     "both \"eventName\" and \"event_name\""},
    {R"({"eventName": "a", "actorId": "e", "actor_id": "e"})", Rule::envelope_key_twice, "actor_id",
     "both \"actorId\" and \"actor_id\""},
    {R"({"eventName": "a", "eventTs": "2026-11-20", "event_ts": "2026-11-20"})", Rule::envelope_key_twice,
     "event_ts", "both \"eventTs\" and \"event_ts\""},
    {R"({"eventName": "a", "idempotencyKey": "k", "idempotency_key": "k"})", Rule::envelope_key_twice,
     "idempotency_key", "both \"idempotencyKey\" and \"idempotency_key\""},
    {R"({"type": "a", "source": "s", "id": "k", "idempotencyKey": "k"})", Rule::envelope_key_twice,
     "idempotencyKey", "both \"id\" and \"idempotencyKey\""},
    // Required keys.
    {R"({"service": "s", "eventTimestamp": "2026-11-20"})", Rule::envelope_required, "eventType",
     "eventType"},
    {R"({"service": "s", "eventType": null, "eventTimestamp": "2026-11-20"})", Rule::envelope_required,
     "eventType", "eventType"},
    {R"({"service": "s", "eventType": "a"})", Rule::envelope_required, "eventTimestamp", "eventTimestamp"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": null})", Rule::envelope_required,
     "eventTimestamp", "eventTimestamp"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": " "})", Rule::envelope_required,
     "eventTimestamp", "eventTimestamp"},
    {R"({"service": " ", "eventType": "a", "eventTimestamp": "2026-11-20"})", Rule::envelope_required,
     "service", "service"},
    {R"({"type": "a"})", Rule::envelope_required, "source", "source"},
    {R"({"type": "a", "source": null})", Rule::envelope_required, "source", "source"},
    {R"({"type": "a", "source": "\n"})", Rule::envelope_required, "source", "source"},
    // Wrong types.
    {R"({"eventName": 1})", Rule::envelope_type, "eventName", "eventName"},
    {R"({"event_name": {}})", Rule::envelope_type, "event_name", "event_name"},
    {R"({"eventName": "a", "actorId": 42})", Rule::envelope_type, "actorId", "actorId"},
    {R"({"eventName": "a", "actor_id": ["e"]})", Rule::envelope_type, "actor_id", "actor_id"},
    {R"({"eventName": "a", "sofa": true})", Rule::envelope_type, "sofa", "sofa"},
    {R"({"eventName": "a", "value": "1"})", Rule::envelope_type, "value", "value"},
    {R"({"eventName": "a", "value": ""})", Rule::envelope_type, "value", "value"},
    {R"({"eventName": "a", "forwardToStatsig": "true"})", Rule::envelope_type, "forwardToStatsig",
     "forwardToStatsig"},
    {R"({"eventName": "a", "forward_to_statsig": 1})", Rule::envelope_type, "forward_to_statsig",
     "forward_to_statsig"},
    {R"({"eventName": "a", "metadata": []})", Rule::envelope_type, "metadata", "metadata"},
    {R"({"eventName": "a", "metadata": "{}"})", Rule::envelope_type, "metadata", "metadata"},
    {R"({"eventName": "a", "eventTs": 1795162530})", Rule::envelope_type, "eventTs", "eventTs"},
    {R"({"eventName": "a", "origin": "mobile"})", Rule::envelope_origin, "origin",
     "\"backend\" or \"frontend\""},
    {R"({"eventName": "a", "origin": "Backend"})", Rule::envelope_origin, "origin",
     "\"backend\" or \"frontend\""},
    {R"({"eventName": "a", "origin": 1})", Rule::envelope_origin, "origin", "\"backend\" or \"frontend\""},
    {R"({"service": 1, "eventType": "a", "eventTimestamp": "2026-11-20"})", Rule::envelope_type, "service",
     "service"},
    {R"({"type": "a", "source": "s", "data": 1})", Rule::envelope_type, "data", "data"},
    {R"({"type": "a", "source": "s", "id": 1})", Rule::envelope_type, "id", "id"},
    // Times that cannot be read.
    {R"({"eventName": "a", "eventTs": "yesterday"})", Rule::envelope_timestamp, "eventTs", "eventTs"},
    {R"({"eventName": "a", "event_ts": "infinity"})", Rule::envelope_timestamp, "event_ts", "event_ts"},
    {R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-02-30"})", Rule::envelope_timestamp,
     "eventTimestamp", "eventTimestamp"},
    {R"({"type": "a", "source": "s", "timestamp": "20261120"})", Rule::envelope_timestamp, "timestamp",
     "timestamp"},
    {R"({"eventName": "a", "eventTs": "10000-01-01T00:00:00Z"})", Rule::envelope_timestamp_year, "eventTs",
     "eventTs"},
    // Numbers that are no double.
    {R"({"eventName": "a", "value": 1.8e308})", Rule::value_range, "value", "value"},
    {R"({"eventName": "a", "value": -1e400})", Rule::value_range, "value", "value"},
    {R"({"eventName": "a", "value": 1e-400})", Rule::value_range, "value", "value"},
};

TEST(EnvelopeForms, Refused) {
    for (const RefusedCase& c : kRefused) {
        const test::Jsonb envelope(c.json);
        Event event;
        const auto broken = read_envelope(envelope.container(), event);
        ASSERT_TRUE(broken) << c.json;
        EXPECT_EQ(entry_of(broken->rule).name, entry_of(c.rule).name) << c.json;
        EXPECT_EQ(broken->field, c.field) << c.json;
        EXPECT_NE(broken->message.find(c.named), std::string::npos) << c.json << "\n" << broken->message;
        EXPECT_TRUE(broken->detail.empty() || broken->detail.ends_with('.')) << broken->detail;
        EXPECT_TRUE(broken->hint.empty() || broken->hint.ends_with('.')) << broken->hint;
    }
}

struct PairCase {
    std::string_view pair;
    Rule rule;
    std::string_view path;   // below the key
    std::string_view named;  // in the message
};

constexpr PairCase kRefusedPairs[] = {
    {"\"e\"", Rule::envelope_type, "", ""},
    {"[]", Rule::envelope_type, "", ""},
    {"{}", Rule::envelope_part_required, ".type", ".type"},
    {R"({"type": "d"})", Rule::envelope_part_required, ".id", ".id"},
    {R"({"id": "e"})", Rule::envelope_part_required, ".type", ".type"},
    {R"({"type": "d", "id": null})", Rule::envelope_part_required, ".id", ".id"},
    {R"({"type": null, "id": "e"})", Rule::envelope_part_required, ".type", ".type"},
    {R"({"type": " ", "id": "e"})", Rule::envelope_part_required, ".type", ".type"},
    {R"({"type": "d", "id": ""})", Rule::envelope_part_required, ".id", ".id"},
    {R"({"type": "d", "id": 1})", Rule::envelope_type, ".id", ".id"},
    {R"({"type": {}, "id": "e"})", Rule::envelope_type, ".type", ".type"},
    {R"({"type": "d", "id": "e", "name": "f"})", Rule::envelope_key_of_part, ".name",
     " has the unknown key \"name\""},
};

TEST(EnvelopeForms, RefusedActorsAndResources) {
    for (const std::string key : {"actor", "resource"}) {
        for (const PairCase& c : kRefusedPairs) {
            const std::string json =
                R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20", ")" + key +
                "\": " + std::string(c.pair) + "}";
            const test::Jsonb envelope(json);
            Event event;
            const auto broken = read_envelope(envelope.container(), event);
            ASSERT_TRUE(broken) << json;
            EXPECT_EQ(entry_of(broken->rule).name, entry_of(c.rule).name) << json;
            EXPECT_TRUE(broken->message.starts_with(key + std::string(c.named))) << broken->message;
            EXPECT_EQ(broken->field, key + std::string(c.path)) << json;
        }
    }
}

TEST(EnvelopeForms, BlankNameIsLeftToTheNameRules) {
    for (const std::string_view json :
         {R"({"eventName": " "})", R"({"event_name": ""})", R"({"type": "\t", "source": "s"})",
          R"({"service": "s", "eventType": "", "eventTimestamp": "2026-11-20"})"}) {
        const test::Jsonb envelope(json);
        Event event;
        ASSERT_FALSE(read_envelope(envelope.container(), event)) << json;
        normalise(event);
        size_t metadata_bytes = 0;
        const auto broken = validate(event, Limits{}, metadata_bytes);
        ASSERT_TRUE(broken) << json;
        EXPECT_EQ(rules::id_of(broken->rule), "event_name_blank");
    }
}

// A field is called what the caller calls it, and what is missing by the same spelling.
TEST(EnvelopeForms, NamesFieldsAsTheCallerDoes) {
    const auto names = [](std::string_view json) {
        const test::Jsonb envelope(json);
        Event event;
        EXPECT_FALSE(read_envelope(envelope.container(), event)) << json;
        return std::string(name_of(event, Field::event_ts)) + " " +
               std::string(name_of(event, Field::actor_type)) + " " +
               std::string(name_of(event, Field::idempotency_key));
    };
    EXPECT_EQ(names(R"({"eventName": "a"})"), "eventTs actorType idempotencyKey");
    EXPECT_EQ(names(R"({"event_name": "a"})"), "event_ts actor_type idempotency_key");
    EXPECT_EQ(names(R"({"event_name": "a", "actorType": "d"})"), "event_ts actorType idempotency_key");
    EXPECT_EQ(names(R"({"service": "s", "eventType": "a", "eventTimestamp": "2026-11-20",
                        "actor": {"type": "d", "id": "e"}})"),
              "eventTimestamp actor.type idempotencyKey");
    EXPECT_EQ(names(R"({"type": "a", "source": "s", "id": "1"})"), "timestamp actor_type id");
    EXPECT_EQ(names(R"({"type": "a", "source": "s", "idempotencyKey": "1"})"),
              "timestamp actor_type idempotencyKey");
}

TEST(EnvelopeForms, SaysWhyAKeyIsRefused) {
    const auto refusal_of = [](std::string_view json) {
        const test::Jsonb envelope(json);
        Event event;
        return read_envelope(envelope.container(), event).value();
    };
    EXPECT_EQ(refusal_of(R"({"eventName": "a", "id": "1"})").detail,
              "The extension makes the id of an event.");
    EXPECT_NE(refusal_of(R"({"eventName": "a", "tenantId": "1"})").hint.find("Leave the key out"),
              std::string::npos);
    EXPECT_EQ(refusal_of(R"({"event_name": "a", "colour": 1})").detail,
              "An envelope with the key \"event_name\" has the native form, which does not have this key.");
    EXPECT_EQ(refusal_of(R"({"type": "a", "source": "s", "colour": 1})").hint,
              "Put the event's own data into \"data\".");
    EXPECT_NE(refusal_of(R"([{"eventName": "a"}])").hint.find("eventlog.log_events"), std::string::npos);
    EXPECT_EQ(refusal_of(R"({"eventName": "a", "actorId": "e", "actor_id": "f"})").detail,
              "Both keys stand for actor_id.");
}

TEST(EnvelopeForms, QuotesLongKeysInPart) {
    const std::string key(1000, 'k');
    const test::Jsonb envelope("{\"eventName\": \"a\", \"" + key + "\": 1}");
    Event event;
    const auto broken = read_envelope(envelope.container(), event);
    ASSERT_TRUE(broken);
    EXPECT_NE(broken->message.find("\"" + key.substr(0, 64) + "…\""), std::string::npos);
}

}  // namespace
}  // namespace eventlog::event
