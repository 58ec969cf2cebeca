// Logs of OpenTelemetry's OTLP/HTTP in JSON (opentelemetry.io/docs/specs/otlp): POST /v1/logs.
#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "event/iso8601.h"
#include "event/json_number.h"
#include "event/validate.h"
#include "forward/encode/answer_json.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "forward/encode/json_object.h"
#include "ids/ulid.h"

namespace eventlog::forward {

namespace {

constexpr int kDeepest = 32;  // values nested deeper are sent as JSON text
constexpr event::Micros kMaxMicros = INT64_MAX / 1000;
constexpr std::string_view kSeverityInfo = "9";

// Joined keys repeat the outer keys, so without a limit a record could grow with the square of its metadata.
constexpr size_t kLongestPath = 256;

// The limit of the specification is 64 MiB; the rest is reserved for the frames of ten thousand sources.
constexpr size_t kMaxRequestBytes = (64 - 20) * size_t{1048576};

// Returns the digits of a number from the first to the last that is not 0.
std::string significant_digits(std::string_view number) {
    std::string digits;
    for (const char c : number.substr(0, number.find_first_of("eE"))) {
        const bool leads = digits.empty() && c == '0';
        if (c >= '0' && c <= '9' && !leads) digits += c;
    }
    digits.resize(digits.find_last_not_of('0') + 1);
    return digits;
}

// Returns whether the nearest double has the same digits as the number, so that none are lost.
bool is_double(std::string_view number) {
    double nearest = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), nearest);
    if (error != std::errc() || end != number.data() + number.size()) return false;
    std::string shortest;
    event::append_double(shortest, nearest);
    return significant_digits(number) == significant_digits(shortest);
}

// Appends a number as a 64-bit integer if it is one, else as a double if that is exact, else as text.
void append_number(std::string& out, const jsonb::Value& value) {
    std::string text;
    jsonb::append_canonical(text, value);
    const char* const end = text.data() + text.size();
    JsonObject any(out);
    int64_t integer = 0;
    if (const auto [at, error] = std::from_chars(text.data(), end, integer);
        error == std::errc() && at == end)
        any.plain("intValue", text);
    else if (is_double(text))
        any.member("doubleValue").append(text);
    else
        any.plain("stringValue", text);
    any.close();
}

// Appends a value as an AnyValue.
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

// Returns whether records use the key themselves. Such a key in the metadata gets a prefix.
bool is_reserved(std::string_view key) {
    return key.empty() || key == "log.record.uid" || key == "user.id" || key.starts_with("eventlog.");
}

// Writes the attributes of a record. Each has a unique key, as the data model requires.
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
    // Adds a member of the metadata. If it is an object, adds each of its members under its path.
    void metadata(const jsonb::Member& member) {
        path_ = member.key;
        flatten(member.value, 0);
    }

  private:
    void flatten(const jsonb::Value& value, int depth) {
        const jsonb::Container nested = value.container();
        if (value.kind != jsonb::Kind::object || nested.count() == 0 || depth >= kDeepest ||
            path_.size() > kLongestPath)
            return add(unique_key(), value, depth);
        const size_t size = path_.size();
        for (jsonb::Pairs pairs(nested); pairs.next(); path_.resize(size)) {
            path_.append(".").append(pairs.key());
            flatten(pairs.value(), depth + 1);
        }
    }
    // Two paths can only be equal if they contain a dot.
    std::string unique_key() {
        const std::string key = is_reserved(path_) ? "eventlog.metadata." + path_ : path_;
        if (key.find('.') == std::string::npos) return key;
        std::string unique = key;
        for (int number = 2; !paths_.insert(unique).second; ++number)
            unique = key + "#" + std::to_string(number);
        return unique;
    }
    void add(std::string_view key, const jsonb::Value& value, int depth) {
        append_value(begin(key), value, depth);
        out_ += '}';
    }
    std::string& begin(std::string_view key) {
        if (!first_) out_ += ',';
        first_ = false;
        jsonb::append_quoted(out_.append(R"({"key":)"), key);
        return out_.append(R"(,"value":)");
    }

    std::string& out_;
    bool first_ = true;
    std::string path_;
    std::unordered_set<std::string> paths_;
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
    for (const jsonb::Member& member : caller_metadata(row)) attributes.metadata(member);
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

// Writes one entry for each source, in the order of their first events.
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

// Reads a count, which the JSON mapping of protocol buffers writes as a string. A count that is too large for
// the type becomes its largest value.
uint64_t count_in(std::string_view json) {
    if (json.starts_with('"')) json.remove_prefix(1);
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), count);
    return error == std::errc::result_out_of_range ? UINT64_MAX : count;
}

// Events that a collector left out of an accepted request must not be sent again.
Judgement judge(long status, std::string_view body) {
    Judgement judgement{judge_status(status), 0, {}};
    if (judgement.verdict != Verdict::accepted) return judgement;
    const auto partial = member_of(body, "partialSuccess");
    if (!partial) return judgement;
    if (const auto rejected = member_of(*partial, "rejectedLogRecords"))
        judgement.rejected = count_in(*rejected);
    if (const auto message = member_of(*partial, "errorMessage")) judgement.note = characters_of(*message);
    if (judgement.rejected > 0 && judgement.note.empty()) judgement.note = body;
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
    .max_event_bytes = kMaxRequestBytes,
    .max_request_bytes = kMaxRequestBytes,
    .encode = encode,
    .compose = compose,
    .judge = judge,
};

}  // namespace eventlog::forward
