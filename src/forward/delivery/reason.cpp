#include "forward/delivery/reason.h"

#include "jsonb/utf8.h"

namespace eventlog::forward {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

std::string readable_text(std::string_view bytes, size_t max_bytes) {
    std::string text;
    while (!bytes.empty()) {
        const size_t size = jsonb::character_size(bytes);
        const std::string_view character = size > 0 ? bytes.substr(0, size) : kReplacement;
        if (text.size() + character.size() > max_bytes) break;
        text += character;
        bytes.remove_prefix(size > 0 ? size : 1);
    }
    return text;
}

}  // namespace eventlog::forward
