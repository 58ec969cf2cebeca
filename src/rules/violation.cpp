#include "rules/violation.h"

#include "jsonb/utf8.h"

namespace eventlog::rules {
namespace {

constexpr size_t kMaxQuotedCharacters = 64;

// The first characters of `utf8` that may be quoted.
std::string_view head_of(std::string_view utf8) {
    size_t left = kMaxQuotedCharacters;
    for (size_t i = 0; i < utf8.size(); i++) {
        const bool starts_character = (static_cast<unsigned char>(utf8[i]) & 0xC0) != 0x80;
        if (starts_character && left-- == 0) return utf8.substr(0, i);
    }
    return utf8;
}

void append_cut(std::string& out, std::string_view text) {
    const std::string_view head = head_of(text);
    out += head;
    if (head.size() < text.size()) out += "…";
}

std::string expand(std::string_view text, std::string_view field, std::span<const Value> values) {
    std::string out;
    for (Pieces pieces(text); pieces.next();) {
        out += pieces.text();
        if (pieces.name().empty()) continue;
        Value value{"field", field};
        for (const Value& given : values)
            if (given.name == pieces.name()) value = given;
        if (value.is_number) {
            out += std::to_string(value.number);
            continue;
        }
        const std::string readable = jsonb::escape_invalid(value.text);
        if (pieces.text().ends_with('"'))
            append_cut(out, readable);
        else
            out += readable;
    }
    return out;
}

}  // namespace

std::string quote(std::string_view utf8) {
    std::string text = "\"";
    append_cut(text, utf8);
    return text += '"';
}

Violation expand(Rule rule, std::string_view field, std::span<const Value> values) {
    const Entry& entry = entry_of(rule);
    return {rule, jsonb::escape_invalid(field), expand(entry.message, field, values),
            expand(entry.detail, field, values), expand(entry.hint, field, values)};
}

}  // namespace eventlog::rules
