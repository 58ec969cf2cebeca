#include "jsonb/utf8.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "jsonb/escape.h"

namespace eventlog::jsonb {
namespace {

bool in(char byte, uint8_t low, uint8_t high) {
    const auto value = static_cast<uint8_t>(byte);
    return value >= low && value <= high;
}

bool continues(std::string_view bytes, size_t from, size_t to) {
    if (bytes.size() < to) return false;
    for (size_t i = from; i < to; ++i) {
        if (!in(bytes[i], 0x80, 0xBF)) return false;
    }
    return true;
}

}  // namespace

size_t character_size(std::string_view bytes) {
    const char lead = bytes[0];
    if (in(lead, 0x01, 0x7F)) return 1;
    if (bytes.size() < 2) return 0;
    const char second = bytes[1];
    if (in(lead, 0xC2, 0xDF)) return continues(bytes, 1, 2) ? 2 : 0;
    if (in(lead, 0xE0, 0xEF)) {
        const bool overlong = in(lead, 0xE0, 0xE0) && in(second, 0x80, 0x9F);
        const bool surrogate = in(lead, 0xED, 0xED) && in(second, 0xA0, 0xBF);
        return continues(bytes, 1, 3) && !overlong && !surrogate ? 3 : 0;
    }
    if (in(lead, 0xF0, 0xF4)) {
        const bool overlong = in(lead, 0xF0, 0xF0) && in(second, 0x80, 0x8F);
        const bool above_last = in(lead, 0xF4, 0xF4) && in(second, 0x90, 0xBF);
        return continues(bytes, 1, 4) && !overlong && !above_last ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    if (!escape::scan(text).beyond_ascii) return true;
    while (!text.empty()) {
        const size_t size = character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

bool is_utf8(const Container& document) {
    std::vector<Container> open;
    const auto check = [&open](const Value& value) {
        if (const Container nested = value.container(); nested.given()) open.push_back(nested);
        return value.kind != Kind::string || is_utf8(value.bytes);
    };
    if (document.given()) open.push_back(document);
    while (!open.empty()) {
        const Container container = open.back();
        open.pop_back();
        if (container.is_object()) {
            for (Pairs pairs(container); pairs.next();)
                if (!is_utf8(pairs.key()) || !check(pairs.value())) return false;
        } else {
            for (Elements elements(container); elements.next();)
                if (!check(elements.value())) return false;
        }
    }
    return true;
}

size_t escape_invalid(std::string_view text, char* out) {
    static constexpr char kHexDigits[] = "0123456789abcdef";
    char* at = out;
    while (!text.empty()) {
        const size_t size = character_size(text);
        if (size > 0) {
            memcpy(at, text.data(), size);
            at += size;
        } else {
            const auto byte = static_cast<uint8_t>(text.front());
            const char escaped[kEscapedByte] = {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
            memcpy(at, escaped, sizeof(escaped));
            at += sizeof(escaped);
        }
        text.remove_prefix(size > 0 ? size : 1);
    }
    return static_cast<size_t>(at - out);
}

std::string escape_invalid(std::string_view text) {
    std::string escaped(text.size() * kEscapedByte, '\0');
    escaped.resize(escape_invalid(text, escaped.data()));
    return escaped;
}

}  // namespace eventlog::jsonb
