#include "event/normalise.h"

#include "event/text_fields.h"

namespace eventlog::event {
namespace {

constexpr size_t kLongestWhiteSpace = 3;

// Returns whether `bytes` are exactly one character of White_Space (Unicode PropList.txt).
bool is_white_space(std::string_view bytes) {
    const auto byte = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
    switch (bytes.size()) {
        case 1:
            return byte(0) == ' ' || (byte(0) >= '\t' && byte(0) <= '\r');
        case 2:
            return bytes == "\u0085" || bytes == "\u00A0";
        case 3:
            if (byte(0) == 0xE2 && byte(1) == 0x80) {
                const unsigned char last = byte(2);  // U+2000 to U+200A, U+2028, U+2029, U+202F
                return (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF;
            }
            return bytes == "\u1680" || bytes == "\u205F" || bytes == "\u3000";
        default:
            return false;
    }
}

// Returns whether the byte is a printable ASCII character, as nearly every text has at both ends.
bool is_graphic_ascii(char c) {
    return c > ' ' && c < 0x7F;
}

size_t white_space_at_start(std::string_view text) {
    for (size_t size = 1; size <= kLongestWhiteSpace && size <= text.size(); size++) {
        if (is_white_space(text.substr(0, size))) return size;
    }
    return 0;
}

size_t white_space_at_end(std::string_view text) {
    for (size_t size = 1; size <= kLongestWhiteSpace && size <= text.size(); size++) {
        if (is_white_space(text.substr(text.size() - size))) return size;
    }
    return 0;
}

}  // namespace

std::string_view trim(std::string_view text) {
    if (text.empty() || (is_graphic_ascii(text.front()) && is_graphic_ascii(text.back()))) return text;
    while (const size_t size = white_space_at_start(text)) text.remove_prefix(size);
    while (const size_t size = white_space_at_end(text)) text.remove_suffix(size);
    return text;
}

void normalise(Event& event) {
    event.event_name_given = given(event.event_name);
    for (const TextField& field : kTextFields) {
        std::string_view& text = event.*field.member;
        text = trim(text);
        if (text.empty()) text = {};
    }
}

}  // namespace eventlog::event
