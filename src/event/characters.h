// Character classes, and the dotted parts of which names and versions are made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace eventlog::event {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

// Returns whether a byte of UTF-8 starts a character.
constexpr bool is_character_start(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// Returns the number of characters in a text of valid UTF-8.
inline size_t characters(std::string_view utf8) {
    return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), is_character_start));
}

constexpr bool are_digits(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Returns whether every part of `text` between dots satisfies `is_part`; a text without a dot is one part.
template <typename Predicate>
constexpr bool all_parts(std::string_view text, Predicate is_part) {
    for (;;) {
        const size_t dot = text.find('.');
        if (!is_part(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace eventlog::event
