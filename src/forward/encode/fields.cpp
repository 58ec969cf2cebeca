#include "forward/encode/fields.h"

#include <algorithm>
#include <charconv>

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

void append_percent_encoded(std::string& out, std::string_view text, bool (*is_kept)(char)) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_kept(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
}

}  // namespace eventlog::forward
