// CloudEvents 1.0.2 and its HTTP protocol binding (github.com/cloudevents/spec), in the structured, the
// batched and the binary content mode.
#include <algorithm>
#include <array>

#include "event/formats.h"
#include "event/validate.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "forward/encode/json_object.h"

namespace eventlog::forward {

namespace {

constexpr event::Micros kYear1 = INT64_C(-62135596800000000);
constexpr event::Micros kYear10000 = INT64_C(253402300800000000);
constexpr std::string_view kUnknown = "unknown";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// RFC 3986, 2: what a path, query or fragment may hold as it is. A percent sign begins an escape, so it is
// escaped.
bool is_uri_character(char c) {
    constexpr std::string_view kOthers = "-._~:/?@!$&'()*+,;=";
    return is_letter(c) || is_digit(c) || kOthers.find(c) != std::string_view::npos;
}

// HTTP binding, 3.1.3.2: printable ASCII but space, double quote and percent.
bool is_header_character(char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '%';
}

// Whether a first part before a colon would be taken for a scheme that it is not.
bool has_false_scheme(std::string_view text) {
    const size_t end = text.find_first_of(":/?");
    if (end == std::string_view::npos || text[end] != ':') return false;
    const std::string_view scheme = text.substr(0, end);
    return scheme.empty() || !is_letter(scheme[0]) || !std::all_of(scheme.begin(), scheme.end(), [](char c) {
               return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
           });
}

// RFC 3986, 4.2: "./" keeps a colon in the first segment from ending a scheme.
std::string source_of(const event::StoredRow& row) {
    std::string source = has_false_scheme(row.source) ? "./" : "";
    append_percent_encoded(source, row.source, is_uri_character);
    return source;
}

// 3.1: a String holds no control characters (C0, DEL and C1).
bool has_control(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

// The values that the extension "Auth Context" knows.
std::string_view auth_type_of(const event::StoredRow& row) {
    constexpr std::array<std::string_view, 6> kTypes = {"app_user", "user",   "service_account",
                                                        "api_key",  "system", "unauthenticated"};
    const auto* found = std::find(kTypes.begin(), kTypes.end(), row.actor_type);
    return found != kTypes.end() ? *found : kUnknown;
}

// Calls `take` with every attribute but data and what speaks of it.
template <typename Take>
void for_each_attribute(const event::StoredRow& row, Take take) {
    const auto given = [&take](std::string_view name, std::string_view value) {
        if (event::given(value)) take(name, value);
    };
    const auto time = [&take](std::string_view name, event::Micros micros) {
        std::string text;
        event::append_iso8601(text, micros);
        take(name, text);
    };
    take("specversion", "1.0");
    take("id", UuidText(row.event_id));
    take("source", source_of(row));
    take("type", row.event_name);
    time("time", row.event_ts);
    if (event::given(row.resource_type))
        take("subject", std::string(row.resource_type).append("/").append(row.resource_id));
    if (event::given(row.actor_id)) {
        take("authtype", auth_type_of(row));
        take("authid", row.actor_id);
        if (auth_type_of(row) == kUnknown) given("actortype", row.actor_type);
    }
    if (row.tenant_id) take("tenantid", UuidText(*row.tenant_id));
    time("ingestedat", row.ingested_at);
    given("eventtype", row.event_type);
    if (row.origin != event::Origin::backend) take("origin", event::name_of(row.origin));
    if (row.value) {
        // The type system has no fractions.
        std::string text;
        event::append_double(text, *row.value);
        take("value", text);
    }
    given("schemaversion", row.schema_version);
    given("traceid", row.trace_id);
    given("appversion", row.app_version);
    given("sofa", row.sofa);
}

// Why CloudEvents cannot carry the row.
std::optional<std::string> refusal_of(const event::StoredRow& row) {
    if (row.event_ts < kYear1 || row.event_ts >= kYear10000)
        return "The time is not in the years 1 to 9999, and CloudEvents knows no other.";
    std::optional<std::string> refusal;
    for_each_attribute(row, [&refusal](std::string_view name, std::string_view value) {
        if (!refusal && has_control(value))
            refusal = "The attribute " + std::string(name) +
                      " holds a control character, which CloudEvents does not allow.";
    });
    return refusal;
}

std::optional<std::string> encode_json(Encoded& encoded, const event::StoredRow& row, const EncodeOptions&) {
    if (auto refusal = refusal_of(row)) return refusal;
    JsonObject event(encoded.body);
    for_each_attribute(row,
                       [&event](std::string_view name, std::string_view value) { event.text(name, value); });
    event.plain("datacontenttype", "application/json");
    append_caller_metadata(event.member("data"), row);
    event.close();
    return std::nullopt;
}

std::optional<std::string> encode_binary(Encoded& encoded, const event::StoredRow& row,
                                         const EncodeOptions&) {
    if (auto refusal = refusal_of(row)) return refusal;
    for_each_attribute(row, [&encoded](std::string_view name, std::string_view value) {
        std::string& line = encoded.headers.emplace_back("ce-");
        line.append(name).append(": ");
        append_percent_encoded(line, value, is_header_character);
    });
    append_caller_metadata(encoded.body, row);
    return std::nullopt;
}

void compose_one(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    body += events.front().body;
}

void compose_batch(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    join_events(body, events, "[", ",", "]");
}

// HTTP web hooks for event delivery, 2.1: these four say that the event was taken.
Judgement judge(long status, std::string_view) {
    const Verdict verdict = judge_status(status);
    const bool taken = status == 200 || status == 201 || status == 202 || status == 204;
    return {verdict == Verdict::accepted && !taken ? Verdict::retry : verdict, 0, {}};
}

constexpr KeyHeader kBearer = {"Authorization", "Bearer "};

}  // namespace

constinit const Format kCloudEventsStructured = {
    .name = "cloudevents",
    .mode = "structured",
    .content_type = "application/cloudevents+json",
    .key_header = kBearer,
    .default_path = "/",
    .max_events = 1,
    .encode = encode_json,
    .compose = compose_one,
    .judge = judge,
};

constinit const Format kCloudEventsBatch = {
    .name = "cloudevents",
    .mode = "batch",
    .content_type = "application/cloudevents-batch+json",
    .key_header = kBearer,
    .default_path = "/",
    .encode = encode_json,
    .compose = compose_batch,
    .judge = judge,
};

constinit const Format kCloudEventsBinary = {
    .name = "cloudevents",
    .mode = "binary",
    .content_type = "application/json",
    .key_header = kBearer,
    .default_path = "/",
    .max_events = 1,
    .encode = encode_binary,
    .compose = compose_one,
    .judge = judge,
};

}  // namespace eventlog::forward
