#include "jsonb/escape.h"

#include <array>
#include <cstdint>

#include "jsonb/canonical.h"

namespace eventlog::jsonb {
namespace {

constexpr size_t kUnicodeEscapeSize = 6;  // \u00xx
constexpr size_t kLetterEscapeSize = 2;

// The letter that follows the backslash for each byte, or 0 for a byte that needs no escape.
constexpr std::array<char, 256> kLetters = [] {
    std::array<char, 256> letters{};
    for (size_t byte = 0; byte < ' '; ++byte) letters[byte] = 'u';
    letters['"'] = '"';
    letters['\\'] = '\\';
    letters['\b'] = 'b';
    letters['\f'] = 'f';
    letters['\n'] = 'n';
    letters['\r'] = 'r';
    letters['\t'] = 't';
    return letters;
}();

void append_escape(std::string& out, char byte, char letter) {
    static constexpr char kHexDigits[] = "0123456789abcdef";
    if (letter != 'u') {
        out.append({'\\', letter});
    } else {
        out.append("\\u00").append({kHexDigits[byte >> 4], kHexDigits[byte & 15]});
    }
}

}  // namespace

size_t escape_growth(std::string_view text) {
    size_t growth = 0;
    for (const char c : text) {
        const char letter = kLetters[static_cast<uint8_t>(c)];
        if (letter != 0) growth += (letter == 'u' ? kUnicodeEscapeSize : kLetterEscapeSize) - 1;
    }
    return growth;
}

size_t quoted_size(std::string_view text) {
    return escaped_size(text) + 2;
}

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    if (escape::needs_escapes(text)) {
        size_t clean = 0;  // begin of the bytes that have not been appended yet
        for (size_t i = 0; i < text.size(); ++i) {
            const char letter = kLetters[static_cast<uint8_t>(text[i])];
            if (letter == 0) continue;
            out.append(text, clean, i - clean);
            append_escape(out, text[i], letter);
            clean = i + 1;
        }
        text.remove_prefix(clean);
    }
    out.append(text);
    out.push_back('"');
}

}  // namespace eventlog::jsonb
