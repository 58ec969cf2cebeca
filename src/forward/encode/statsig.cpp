// Statsig's event log: POST /v1/log_event (docs.statsig.com/http-api). Events that the server would drop
// silently are refused here, so that the loss is visible.
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <vector>

#include "event/characters.h"
#include "event/json_number.h"
#include "event/validate.h"
#include "forward/encode/answer_json.h"
#include "forward/encode/fields.h"
#include "forward/encode/format.h"
#include "jsonb/build.h"
#include "jsonb/canonical.h"

namespace eventlog::forward {

namespace {

// Statsig has no deduplication key. Readers of its exports can find repeated events by this key.
constexpr std::string_view kEventIdKey = "_eventId";
constexpr size_t kUsualMembers = 32;

// The server drops an event whose name contains one of these characters.
constexpr char kDroppedCharacters[] = "\\[]{}<>#=;&$%`|\r\n";

constexpr std::array<bool, 256> kDropped = [] {
    std::array<bool, 256> dropped{};
    for (const char c : kDroppedCharacters) {  // includes the final NUL
        dropped[static_cast<unsigned char>(c)] = true;
    }
    return dropped;
}();

bool is_dropped(char c) {
    return kDropped[static_cast<unsigned char>(c)];
}

bool longer_than(std::string_view text, size_t limit) {
    return text.size() > limit && event::characters(text) > limit;
}

std::string too_long(std::string what, std::string_view text, std::string_view option, size_t limit) {
    what += " has " + std::to_string(event::characters(text)) + " characters; the target's option ";
    what += option;
    what += " allows " + std::to_string(limit) + ".";
    return what;
}

std::string dropped_character(char c) {
    std::string shown;
    switch (c) {
        case '\0':
            shown = "a NUL";
            break;
        case '\r':
            shown = "a carriage return";
            break;
        case '\n':
            shown = "a line feed";
            break;
        default:
            shown = {'"', c, '"'};
    }
    return "The event name holds " + shown + ", and Statsig drops such an event: log it under another name.";
}

std::optional<std::string> check_name(std::string_view name, size_t limit) {
    if (longer_than(name, limit)) return too_long("The event name", name, "max_name_length", limit);
    const auto found = std::find_if(name.begin(), name.end(), is_dropped);
    if (found != name.end()) return dropped_character(*found);
    return std::nullopt;
}

std::optional<std::string> check_user_id(std::string_view user_id, size_t limit) {
    if (longer_than(user_id, limit)) return too_long("The user id", user_id, "max_name_length", limit);
    return std::nullopt;
}

// Adds the members of the caller's metadata that are sent to `members`.
void collect(const jsonb::Container& metadata, std::pmr::vector<jsonb::Member>& members) {
    for (jsonb::Pairs pairs(metadata); pairs.next();) {
        if (pairs.value().kind == jsonb::Kind::null) continue;
        if (pairs.key() == event::kReservedKey || pairs.key() == kEventIdKey) continue;
        members.push_back({pairs.key(), pairs.value()});
    }
}

// Returns the text of a value for the endpoint's flat map. It is a view of the value or of `scratch`.
std::string_view text_of(const jsonb::Value& value, std::string& scratch) {
    switch (value.kind) {
        case jsonb::Kind::string:
            return value.bytes;
        case jsonb::Kind::boolean:
            return value.boolean ? "true" : "false";
        default:
            scratch.clear();
            jsonb::append_canonical(scratch, value);
            return scratch;
    }
}

// Appends the members. If a value exceeds the limit, stops and returns the reason.
std::optional<std::string> append_members(std::string& out, std::span<const jsonb::Member> members,
                                          size_t limit) {
    std::string scratch;
    for (const jsonb::Member& member : members) {
        const std::string_view text = text_of(member.value, scratch);
        if (limit > 0 && longer_than(text, limit) && member.key != kEventIdKey) {
            std::string reason = too_long("A metadata value", text, "max_value_length", limit) + " Its key: ";
            jsonb::append_quoted(reason, member.key);
            return reason;
        }
        if (&member != members.data()) out += ',';
        jsonb::append_quoted(out, member.key);
        out += ':';
        jsonb::append_quoted(out, text);
    }
    return std::nullopt;
}

std::optional<std::string> append_metadata(std::string& out, const event::StoredRow& row, size_t limit) {
    alignas(jsonb::Member) std::array<std::byte, kUsualMembers * sizeof(jsonb::Member)> buffer;
    std::pmr::monotonic_buffer_resource memory(buffer.data(), buffer.size());
    std::pmr::vector<jsonb::Member> members(&memory);
    members.reserve(row.metadata.count() + 1);
    collect(row.metadata, members);

    const UuidText event_id(row.event_id);
    members.push_back({kEventIdKey, {.kind = jsonb::Kind::string, .bytes = event_id}});
    std::sort(members.begin(), members.end(),
              [](const jsonb::Member& a, const jsonb::Member& b) { return a.key < b.key; });
    return append_members(out, members, limit);
}

std::optional<std::string> encode(Encoded& encoded, const event::StoredRow& row,
                                  const EncodeOptions& options) {
    const std::string_view user_id = user_id_of(row, options);
    if (auto reason = check_name(row.event_name, options.max_name_length)) return reason;
    if (auto reason = check_user_id(user_id, options.max_name_length)) return reason;

    std::string& out = encoded.body;
    out += R"({"eventName":)";
    jsonb::append_quoted(out, row.event_name);
    out += R"(,"user":{"userID":)";
    jsonb::append_quoted(out, user_id);
    out += R"(},"time":)";
    append_integer(out, millis_of(row.event_ts));
    if (row.value) {
        out += R"(,"value":)";
        event::append_double(out, *row.value);
    }
    out += R"(,"metadata":{)";
    if (auto reason = append_metadata(out, row, options.max_value_length)) return reason;
    out += "}}";
    return std::nullopt;
}

void compose(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    constexpr std::string_view kSuffix =
        R"(],"statsigMetadata":{"sdkType":"eventlog","sdkVersion":")" EVENTLOG_VERSION R"("}})";
    join_events(body, events, R"({"events":[)", ",", kSuffix);
}

// Adds the client's time, by which the endpoint corrects the times of a clock that is wrong.
void add_headers(std::vector<std::string>& headers, const Attempt& attempt) {
    headers.emplace_back("STATSIG-CLIENT-TIME: ");
    append_integer(headers.back(), millis_of(attempt.now));
}

// A 2xx whose body does not report success may come from another server, such as a proxy. Sending the events
// again loses nothing.
Judgement judge(long status, std::string_view body) {
    const Verdict verdict = judge_status(status);
    const bool says_success = member_of(body, "success") == "true";
    return {verdict == Verdict::accepted && !says_success ? Verdict::retry : verdict, 0, {}};
}

}  // namespace

constinit const Format kStatsig = {
    .name = "statsig",
    .mode = "",
    .content_type = "application/json",
    .key_header = {"statsig-api-key", ""},
    .default_path = "/v1/log_event",
    .gzip_by_default = true,
    .only_flagged = true,
    .encode = encode,
    .compose = compose,
    .judge = judge,
    .add_headers = add_headers,
};

}  // namespace eventlog::forward
