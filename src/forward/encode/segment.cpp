// Segment's HTTP tracking API (segment.com/docs/connections/sources/catalog/libraries/server/http-api), which
// RudderStack speaks as well: POST /v1/batch.
#include "event/iso8601.h"
#include "event/json_number.h"
#include "event/validate.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "forward/encode/json_object.h"

namespace eventlog::forward {

namespace {

// Appends the columns that have no field of their own in a track call.
void append_rest(std::string& out, const event::StoredRow& row) {
    JsonObject rest(out);
    rest.given("actorId", row.actor_id);
    rest.given("actorType", row.actor_type);
    rest.given("eventType", row.event_type);
    event::append_iso8601(rest.member("ingestedAt").append("\""), row.ingested_at);
    out += '"';
    rest.plain("origin", event::name_of(row.origin));
    rest.given("resourceId", row.resource_id);
    rest.given("resourceType", row.resource_type);
    rest.given("schemaVersion", row.schema_version);
    rest.given("sofa", row.sofa);
    rest.given("source", row.source);
    if (row.tenant_id) rest.plain("tenantId", UuidText(*row.tenant_id));
    rest.given("traceId", row.trace_id);
    if (row.value) event::append_double(rest.member("value"), *row.value);
    rest.close();
}

void append_context(std::string& out, const event::StoredRow& row) {
    JsonObject context(out);
    if (event::given(row.app_version)) {
        JsonObject app(context.member("app"));
        app.text("version", row.app_version);
        app.close();
    }
    append_rest(context.member("eventlog"), row);
    context.member("library").append(R"({"name":"eventlog","version":")" EVENTLOG_VERSION R"("})");
    context.close();
}

void append_properties(std::string& out, const event::StoredRow& row) {
    append_caller_metadata(out, row);
    if (!row.value || (row.metadata.given() && row.metadata.find("value"))) return;
    out.pop_back();
    if (out.back() != '{') out += ',';
    out += R"("value":)";
    event::append_double(out, *row.value);
    out += '}';
}

// Segment requires a user or an anonymous visitor, and takes both in one call to be the same person. If
// events are sent as the principal, all of them have one user; the cookies of their visitors would merge all
// visitors into one, so they are not sent.
void append_person(JsonObject& track, const event::StoredRow& row, const EncodeOptions& options) {
    const bool has_actor = options.user_is_actor && event::given(row.actor_id);
    const bool has_visitor = options.user_is_actor && event::given(row.sofa);
    if (has_actor || !has_visitor) track.text("userId", user_id_of(row, options));
    if (has_visitor) track.text("anonymousId", row.sofa);
}

std::optional<std::string> encode(Encoded& encoded, const event::StoredRow& row,
                                  const EncodeOptions& options) {
    if (auto reason = check_rfc3339(row.event_ts)) return reason;
    std::string& out = encoded.body;
    JsonObject track(out);
    track.plain("type", "track");
    track.text("event", row.event_name);
    append_person(track, row, options);
    track.plain("messageId", UuidText(row.event_id));
    event::append_iso8601(track.member("timestamp").append("\""), row.event_ts);
    out += '"';
    append_properties(track.member("properties"), row);
    append_context(track.member("context"), row);
    track.close();
    return std::nullopt;
}

void compose(std::string& body, std::span<const EncodedView> events, const Attempt& attempt) {
    std::string suffix = R"(],"sentAt":")";
    event::append_iso8601(suffix, attempt.now);
    join_events(body, events, R"({"batch":[)", ",", suffix + R"("})");
}

Judgement judge(long status, std::string_view) {
    constexpr long kClientTimeout = 460;
    return {status == kClientTimeout ? Verdict::retry : judge_status(status), 0, {}};
}

}  // namespace

constinit const Format kSegment = {
    .name = "segment",
    .mode = "",
    .content_type = "application/json",
    .key_header = {"Authorization", "", true},
    .default_path = "/v1/batch",
    .gzip_by_default = true,
    .max_events = 2500,
    .max_event_bytes = 32000,
    .max_request_bytes = 500000,
    .encode = encode,
    .compose = compose,
    .judge = judge,
};

}  // namespace eventlog::forward
