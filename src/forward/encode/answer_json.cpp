#include "forward/encode/answer_json.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace eventlog::forward {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr uint32_t kReplacement = 0xFFFD;

size_t skip_space(std::string_view text, size_t at) {
    return std::min(text.find_first_not_of(kSpace, at), text.size());
}

// Returns the position after the string whose opening quote is at `at`, or the end of the text.
size_t skip_string(std::string_view text, size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
}

// Returns the position after the value that begins at `at`, or the end of the text.
size_t skip_value(std::string_view text, size_t at) {
    size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = skip_string(text, at);
            if (depth == 0) return at;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || kSpace.find(c) != std::string_view::npos))
            return at;
        ++at;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return at;
    }
    return at;
}

void append_utf8(std::string& out, uint32_t code) {
    const auto byte = [&out](uint32_t bits) { out += static_cast<char>(bits); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xE0 | code >> 12);
        } else {
            byte(0xF0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3F));
        }
        byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
}

// Returns the code unit of the `\uXXXX` at the start of `text`, or nothing if there is none.
std::optional<uint32_t> code_unit(std::string_view text) {
    if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
    uint32_t unit = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    if (error != std::errc() || end != text.data() + 6) return std::nullopt;
    return unit;
}

}  // namespace

size_t append_escaped(std::string& out, std::string_view text) {
    const std::optional<uint32_t> unit = code_unit(text);
    if (!unit) {
        constexpr std::string_view kEscapes = "\"\\/bfnrt";
        const size_t escape = text.size() < 2 ? std::string_view::npos : kEscapes.find(text[1]);
        if (escape == std::string_view::npos) {
            append_utf8(out, kReplacement);
            return std::min<size_t>(text.size(), 2);
        }
        out += "\"\\/\b\f\n\r\t"[escape];
        return 2;
    }
    const bool is_high = *unit >= 0xD800 && *unit <= 0xDBFF;
    const std::optional<uint32_t> low = is_high ? code_unit(text.substr(6)) : std::nullopt;
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
        append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
        return 12;
    }
    const bool is_surrogate = *unit >= 0xD800 && *unit <= 0xDFFF;
    append_utf8(out, is_surrogate || *unit == 0 ? kReplacement : *unit);
    return 6;
}

std::optional<std::string_view> member_of(std::string_view json, std::string_view name) {
    size_t at = skip_space(json, 0);
    if (at == json.size() || json[at] != '{') return std::nullopt;
    at = skip_space(json, at + 1);
    while (at < json.size() && json[at] == '"') {
        const size_t end = skip_string(json, at);
        const std::string_view key = json.substr(at + 1, end - at - 2);
        at = skip_space(json, end);
        if (at == json.size() || json[at] != ':') return std::nullopt;
        at = skip_space(json, at + 1);
        const size_t value_end = skip_value(json, at);
        if (key == name) return json.substr(at, value_end - at);
        at = skip_space(json, value_end);
        if (at == json.size() || json[at] != ',') return std::nullopt;
        at = skip_space(json, at + 1);
    }
    return std::nullopt;
}

std::string characters_of(std::string_view literal) {
    if (literal.size() < 2 || literal.front() != '"' || literal.back() != '"') return std::string(literal);
    literal = literal.substr(1, literal.size() - 2);
    std::string text;
    while (!literal.empty()) {
        const size_t plain = std::min(literal.find('\\'), literal.size());
        text += literal.substr(0, plain);
        literal.remove_prefix(plain);
        if (!literal.empty()) literal.remove_prefix(append_escaped(text, literal));
    }
    return text;
}

}  // namespace eventlog::forward
