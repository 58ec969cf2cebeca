#include "forward/delivery/reason.h"

#include <cstdint>

namespace eventlog::forward {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

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

// Returns the length in bytes of the valid character at the start of `bytes`, or 0 if there is none (RFC
// 3629, section 4). `bytes` must not be empty.
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

}  // namespace

std::string readable_text(std::string_view bytes, size_t max_bytes) {
    std::string text;
    while (!bytes.empty()) {
        const size_t size = character_size(bytes);
        const std::string_view character = size > 0 ? bytes.substr(0, size) : kReplacement;
        if (text.size() + character.size() > max_bytes) break;
        text += character;
        bytes.remove_prefix(size > 0 ? size : 1);
    }
    return text;
}

}  // namespace eventlog::forward
