// CloudEvents 1.0.2 and its HTTP protocol binding (github.com/cloudevents/spec), in the structured, the
// batched and the binary content mode.
#include <algorithm>
#include <array>
#include <charconv>

#include "event/iso8601.h"
#include "event/json_number.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "forward/encode/json_object.h"
#include "forward/encode/uri_reference.h"

namespace eventlog::forward {

namespace {

constexpr std::string_view kUnknown = "unknown";

// Many servers accept 8 KiB of headers, and their answer to more would stop the target. The difference is
// left for the other headers.
constexpr size_t kMaxHeaderBytes = 7168;

// Section 3.1.3.2 of the HTTP binding: printable ASCII except space, double quote and percent.
bool is_header_character(char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '%';
}

// Removes the first character from valid UTF-8 and returns its code point.
uint32_t take_character(std::string_view& text) {
    const auto first = static_cast<uint8_t>(text.front());
    const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = size == 1 ? first : first & (0x7fu >> size);
    for (const char c : text.substr(1, size - 1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3f);
    text.remove_prefix(std::min(size, text.size()));
    return code;
}

// Section 3.1: a String contains neither control characters (C0, DEL and C1) nor Unicode noncharacters.
// Returns the first such character, or nothing.
std::optional<uint32_t> find_forbidden(std::string_view text) {
    while (!text.empty()) {
        const uint32_t code = take_character(text);
        const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        const bool is_noncharacter = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
        if (is_control || is_noncharacter) return code;
    }
    return std::nullopt;
}

std::string forbidden_in(std::string_view attribute, uint32_t code) {
    char digits[8];
    const char* const end = std::to_chars(digits, digits + sizeof(digits), code, 16).ptr;
    const std::string_view hex(digits, static_cast<size_t>(end - digits));
    return "The attribute " + std::string(attribute) + " would hold the character 0x" + std::string(hex) +
           ", which CloudEvents does not allow.";
}

// Returns the value for the extension "Auth Context", which defines a fixed list of them.
std::string_view auth_type_of(const event::StoredRow& row) {
    constexpr std::array<std::string_view, 6> kTypes = {"app_user", "user",   "service_account",
                                                        "api_key",  "system", "unauthenticated"};
    const auto* found = std::find(kTypes.begin(), kTypes.end(), row.actor_type);
    return found != kTypes.end() ? *found : kUnknown;
}

// Calls `take` with every attribute except data and those that describe data. If CloudEvents cannot carry
// one, returns the reason. Numbers are sent as text, since the type system only has 32-bit integers.
template <typename Take>
std::optional<std::string> write_attributes(const event::StoredRow& row, Take take) {
    if (auto reason = check_rfc3339(row.event_ts)) return reason;
    std::optional<std::string> refusal;
    const auto given = [&](std::string_view name, std::string_view value) {
        if (!event::given(value) || refusal) return;
        if (const auto forbidden = find_forbidden(value))
            refusal = forbidden_in(name, *forbidden);
        else
            take(name, value);
    };
    std::string text;
    const auto time = [&](std::string_view name, event::Micros micros) {
        text.clear();
        event::append_iso8601(text, micros);
        take(name, text);
    };
    take("specversion", "1.0");
    take("id", UuidText(row.event_id));
    append_uri_reference(text, row.source);
    take("source", text);
    given("type", row.event_name);
    time("time", row.event_ts);
    if (event::given(row.resource_type))
        given("subject", text.assign(row.resource_type).append("/").append(row.resource_id));
    if (event::given(row.actor_id)) {
        const std::string_view type = auth_type_of(row);
        take("authtype", type);
        given("authid", row.actor_id);
        if (type == kUnknown) given("actortype", row.actor_type);
    }
    if (row.tenant_id) take("tenantid", UuidText(*row.tenant_id));
    time("ingestedat", row.ingested_at);
    given("eventtype", row.event_type);
    if (row.origin != event::Origin::backend) take("origin", event::name_of(row.origin));
    if (row.value) {
        text.clear();
        event::append_double(text, *row.value);
        take("value", text);
    }
    given("schemaversion", row.schema_version);
    given("traceid", row.trace_id);
    given("appversion", row.app_version);
    given("sofa", row.sofa);
    return refusal;
}

std::optional<std::string> encode_json(Encoded& encoded, const event::StoredRow& row, const EncodeOptions&) {
    JsonObject event(encoded.body);
    auto refusal = write_attributes(
        row, [&event](std::string_view name, std::string_view value) { event.text(name, value); });
    if (refusal) return refusal;
    event.plain("datacontenttype", "application/json");
    append_caller_metadata(event.member("data"), row);
    event.close();
    return std::nullopt;
}

std::optional<std::string> encode_binary(Encoded& encoded, const event::StoredRow& row,
                                         const EncodeOptions&) {
    size_t bytes = 0;
    auto refusal = write_attributes(row, [&](std::string_view name, std::string_view value) {
        std::string& line = encoded.headers.emplace_back("ce-");
        line.append(name).append(": ");
        append_percent_encoded(line, value, is_header_character);
        bytes += line.size() + 2;
    });
    if (refusal) return refusal;
    if (bytes > kMaxHeaderBytes)
        return "The event's attributes have " + std::to_string(bytes) + " bytes as headers, of which " +
               std::to_string(kMaxHeaderBytes) + " are sent: the mode structured has no such limit.";
    append_caller_metadata(encoded.body, row);
    return std::nullopt;
}

void compose_one(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    body += events.front().body;
}

void compose_batch(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    join_events(body, events, "[", ",", "]");
}

// Section 2.1 of "HTTP 1.1 Web Hooks for Event Delivery": these four statuses mean that the event was taken.
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
    .has_empty_request = false,
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
    .has_empty_request = false,
    .max_events = 1,
    .encode = encode_binary,
    .compose = compose_one,
    .judge = judge,
};

}  // namespace eventlog::forward
