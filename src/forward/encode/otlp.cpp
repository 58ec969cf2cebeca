// OpenTelemetry's OTLP/HTTP logs in JSON (opentelemetry.io/docs/specs/otlp): POST /v1/logs.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "event/formats.h"
#include "event/validate.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "forward/encode/json_object.h"
#include "ids/ulid.h"

#ifndef EVENTLOG_VERSION
#define EVENTLOG_VERSION "0.0.0-unit"
#endif

namespace eventlog::forward {

namespace {

constexpr int kDeepest = 32;  // what is nested deeper is sent as JSON text
constexpr event::Micros kMaxMicros = INT64_MAX / 1000;
constexpr std::string_view kSeverityInfo = "9";

bool is_significant(char c) {
    return c >= '1' && c <= '9';
}

// Digits from the first to the last that is not 0, before any exponent.
size_t significant_digits(std::string_view number) {
    number = number.substr(0, number.find_first_of("eE"));
    const auto first = std::find_if(number.begin(), number.end(), is_significant);
    const auto last = std::find_if(number.rbegin(), number.rend(), is_significant).base();
    return first >= last ? 0
                         : static_cast<size_t>(std::count_if(first, last, [](char c) { return c != '.'; }));
}

// An integer as one, a fraction as a double where it stays what it is, any other number as text.
void append_number(std::string& out, const jsonb::Value& value) {
    constexpr size_t kDigitsOfDouble = 15;
    std::string text;
    jsonb::append_canonical(text, value);
    const char* end = text.data() + text.size();
    JsonObject any(out);
    int64_t integer = 0;
    double number = 0;
    if (auto [at, error] = std::from_chars(text.data(), end, integer); error == std::errc() && at == end)
        any.plain("intValue", text);
    else if (auto [at, error] = std::from_chars(text.data(), end, number);
             error == std::errc() && at == end && std::isfinite(number) &&
             significant_digits(text) <= kDigitsOfDouble)
        any.member("doubleValue").append(text);
    else
        any.plain("stringValue", text);
    any.close();
}

// An AnyValue.
void append_value(std::string& out, const jsonb::Value& value, int depth);

void append_key_value(std::string& out, std::string_view key, const jsonb::Value& value, int depth) {
    out += R"({"key":)";
    jsonb::append_quoted(out, key);
    append_value(out.append(R"(,"value":)"), value, depth);
    out += '}';
}

void append_list(std::string& out, const jsonb::Value& value, int depth) {
    bool first = true;
    const auto separate = [&] {
        if (!first) out += ',';
        first = false;
    };
    if (value.kind == jsonb::Kind::object) {
        out += R"({"kvlistValue":{"values":[)";
        for (jsonb::Pairs pairs(value.container()); pairs.next();) {
            separate();
            append_key_value(out, pairs.key(), pairs.value(), depth + 1);
        }
    } else {
        out += R"({"arrayValue":{"values":[)";
        for (jsonb::Elements elements(value.container()); elements.next();) {
            separate();
            append_value(out, elements.value(), depth + 1);
        }
    }
    out += "]}}";
}

void append_value(std::string& out, const jsonb::Value& value, int depth) {
    switch (value.kind) {
        case jsonb::Kind::null:
            out += "{}";
            return;
        case jsonb::Kind::boolean:
            out += value.boolean ? R"({"boolValue":true})" : R"({"boolValue":false})";
            return;
        case jsonb::Kind::string:
            jsonb::append_quoted(out.append(R"({"stringValue":)"), value.bytes);
            out += '}';
            return;
        case jsonb::Kind::number:
            append_number(out, value);
            return;
        case jsonb::Kind::array:
        case jsonb::Kind::object:
            break;
    }
    if (depth < kDeepest) return append_list(out, value, depth);
    std::string text;
    jsonb::append_canonical(text, value);
    jsonb::append_quoted(out.append(R"({"stringValue":)"), text);
    out += '}';
}

// Writes the attributes of a record, each under a key of its own.
class Attributes {
  public:
    explicit Attributes(std::string& out) : out_(out) {}

    void text(std::string_view key, std::string_view value) {
        if (event::given(value)) add(key, {.kind = jsonb::Kind::string, .bytes = value}, 0);
    }
    void number(std::string_view key, double value) {
        begin(key).append(R"({"doubleValue":)");
        event::append_double(out_, value);
        out_ += "}}";
    }
    // A member of the metadata: of an object each member, under its path.
    void flatten(const std::string& path, const jsonb::Value& value, int depth) {
        if (value.kind != jsonb::Kind::object || depth >= kDeepest || value.container().count() == 0)
            return add(path, value, depth);
        for (jsonb::Pairs pairs(value.container()); pairs.next();)
            flatten(path + "." + std::string(pairs.key()), pairs.value(), depth + 1);
    }

  private:
    void add(std::string_view key, const jsonb::Value& value, int depth) {
        append_value(begin(key), value, depth);
        out_ += '}';
    }
    // Keys are unique and not empty, as the data model demands.
    std::string& begin(std::string_view key) {
        std::string unique(key.empty() ? "metadata" : key);
        for (int number = 2; !keys_.insert(unique).second; ++number)
            unique = std::string(key) + "#" + std::to_string(number);
        if (keys_.size() > 1) out_ += ',';
        jsonb::append_quoted(out_.append(R"({"key":)"), unique);
        return out_.append(R"(,"value":)");
    }

    std::string& out_;
    std::unordered_set<std::string> keys_;
};

void append_attributes(std::string& out, const event::StoredRow& row, bool has_nanos) {
    char uid[ids::kUlidLength];
    ids::format_ulid(row.event_id, uid);
    out += '[';
    Attributes attributes(out);
    attributes.text("log.record.uid", {uid, sizeof(uid)});
    attributes.text("user.id", row.actor_id);
    attributes.text("eventlog.actor_type", row.actor_type);
    attributes.text("eventlog.app_version", row.app_version);
    if (!has_nanos) {
        std::string time;
        event::append_iso8601(time, row.event_ts);
        attributes.text("eventlog.event_ts", time);
    }
    attributes.text("eventlog.event_type", row.event_type);
    attributes.text("eventlog.origin", event::name_of(row.origin));
    attributes.text("eventlog.resource_id", row.resource_id);
    attributes.text("eventlog.resource_type", row.resource_type);
    attributes.text("eventlog.schema_version", row.schema_version);
    attributes.text("eventlog.sofa", row.sofa);
    if (row.tenant_id) attributes.text("eventlog.tenant_id", UuidText(*row.tenant_id));
    if (row.value) attributes.number("eventlog.value", *row.value);
    for (const jsonb::Member& member : caller_metadata(row))
        attributes.flatten(std::string(member.key), member.value, 0);
    out += ']';
}

void append_nanos(JsonObject& record, std::string_view key, event::Micros time) {
    std::string nanos;
    append_integer(nanos, time * 1000);
    record.plain(key, nanos);
}

std::optional<std::string> encode(Encoded& encoded, const event::StoredRow& row, const EncodeOptions&) {
    const bool has_nanos = row.event_ts >= 0 && row.event_ts <= kMaxMicros;
    JsonObject record(encoded.body);
    if (has_nanos) append_nanos(record, "timeUnixNano", row.event_ts);
    append_nanos(record, "observedTimeUnixNano", std::clamp<event::Micros>(row.ingested_at, 0, kMaxMicros));
    record.member("severityNumber").append(kSeverityInfo);
    record.text("eventName", row.event_name);
    if (event::given(row.trace_id)) record.plain("traceId", row.trace_id);
    append_attributes(record.member("attributes"), row, has_nanos);
    record.close();
    encoded.group = row.source;
    return std::nullopt;
}

// One entry for each source, in the order of their first events.
void compose(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    std::vector<std::vector<EncodedView>> groups;
    std::unordered_map<std::string_view, size_t> known;
    for (const EncodedView& event : events) {
        const auto [at, is_new] = known.try_emplace(event.group, groups.size());
        if (is_new) groups.emplace_back();
        groups[at->second].push_back(event);
    }
    body += R"({"resourceLogs":[)";
    for (const std::vector<EncodedView>& group : groups) {
        if (&group != groups.data()) body += ',';
        body += R"({"resource":{"attributes":[{"key":"service.name","value":{"stringValue":)";
        jsonb::append_quoted(body, group.front().group);
        body += R"(}}]},"scopeLogs":[{"scope":{"name":"eventlog","version":")" EVENTLOG_VERSION
                R"("},"logRecords":)";
        join_events(body, group, "[", ",", "]");
        body += "}]}";
    }
    body += "]}";
}

// The number behind a key of the answer, which may stand in quotes; 0 when there is none.
uint64_t number_behind(std::string_view body, std::string_view key) {
    size_t at = body.find(key);
    if (at == std::string_view::npos) return 0;
    at = body.find_first_not_of(" \t\r\n:\"", at + key.size());
    uint64_t number = 0;
    if (at != std::string_view::npos) std::from_chars(body.data() + at, body.data() + body.size(), number);
    return number;
}

// What a collector has left out of a request it took is not to be sent again.
Judgement judge(long status, std::string_view body) {
    Judgement judgement{judge_status(status), 0, {}};
    if (judgement.verdict != Verdict::accepted) return judgement;
    judgement.rejected = number_behind(body, R"("rejectedLogRecords")");
    if (judgement.rejected > 0) judgement.note = body;
    return judgement;
}

}  // namespace

constinit const Format kOtlp = {
    .name = "otlp",
    .mode = "",
    .content_type = "application/json",
    .key_header = {"Authorization", "Bearer "},
    .default_path = "/v1/logs",
    .gzip_by_default = true,
    .max_request_bytes = 67108864,
    .encode = encode,
    .compose = compose,
    .judge = judge,
};

}  // namespace eventlog::forward
