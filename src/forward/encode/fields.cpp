#include "forward/encode/fields.h"

#include <algorithm>
#include <charconv>

#include "event/iso8601.h"
#include "event/validate.h"
#include "jsonb/canonical.h"

namespace eventlog::forward {

int64_t millis_of(event::Micros time) {
    return time / 1000 - (time % 1000 < 0 ? 1 : 0);
}

void append_integer(std::string& out, int64_t value) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

std::optional<std::string> check_rfc3339(event::Micros time) {
    constexpr event::Micros kYear1 = -62135596800000000;
    constexpr event::Micros kYear10000 = 253402300800000000;
    if (time >= kYear1 && time < kYear10000) return std::nullopt;
    std::string reason = "The event's time, ";
    event::append_iso8601(reason, time);
    return reason + ", is outside of the years 1 to 9999, and the format knows no other.";
}

std::string_view user_id_of(const event::StoredRow& row, const EncodeOptions& options) {
    return options.user_is_actor && event::given(row.actor_id) ? row.actor_id : options.user_principal;
}

std::vector<jsonb::Member> caller_metadata(const event::StoredRow& row) {
    std::vector<jsonb::Member> members;
    if (!row.metadata.given()) return members;
    members.reserve(row.metadata.count());
    for (jsonb::Pairs pairs(row.metadata); pairs.next();)
        if (pairs.key() != event::kReservedKey) members.push_back({pairs.key(), pairs.value()});
    std::sort(members.begin(), members.end(),
              [](const jsonb::Member& a, const jsonb::Member& b) { return a.key < b.key; });
    return members;
}

void append_caller_metadata(std::string& out, const event::StoredRow& row) {
    out += '{';
    bool first = true;
    for (const jsonb::Member& member : caller_metadata(row)) {
        if (!first) out += ',';
        first = false;
        jsonb::append_quoted(out, member.key);
        out += ':';
        jsonb::append_canonical(out, member.value);
    }
    out += '}';
}

void append_percent_byte(std::string& out, char byte) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(byte);
    out += '%';
    out += kHex[value >> 4];
    out += kHex[value & 15];
}

void append_percent_encoded(std::string& out, std::string_view text, bool (*is_kept)(char)) {
    for (const char c : text) {
        if (is_kept(c)) {
            out += c;
        } else {
            append_percent_byte(out, c);
        }
    }
}

}  // namespace eventlog::forward
