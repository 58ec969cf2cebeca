#include "event/wording.h"

#include "event/characters.h"

namespace eventlog::event {
namespace {

constexpr size_t kMaxQuotedCharacters = 64;

// The first characters of `utf8` that may be quoted.
std::string_view head_of(std::string_view utf8) {
    size_t left = kMaxQuotedCharacters;
    for (size_t i = 0; i < utf8.size(); i++) {
        if (is_character_start(utf8[i]) && left-- == 0) return utf8.substr(0, i);
    }
    return utf8;
}

}  // namespace

std::string quote(std::string_view utf8) {
    const std::string_view head = head_of(utf8);
    std::string text = "\"";
    text += head;
    text += head.size() < utf8.size() ? "…\"" : "\"";
    return text;
}

std::string_view noun_of(jsonb::Kind kind) {
    switch (kind) {
        case jsonb::Kind::null:
            return "null";
        case jsonb::Kind::boolean:
            return "a boolean";
        case jsonb::Kind::string:
            return "a string";
        case jsonb::Kind::number:
            return "a number";
        case jsonb::Kind::array:
            return "an array";
        case jsonb::Kind::object:
            return "an object";
    }
    return {};
}

jsonb::Kind kind_of_root(const jsonb::Container& root) {
    if (root.is_object()) return jsonb::Kind::object;
    if (root.is_array()) return jsonb::Kind::array;
    jsonb::Elements scalar(root);
    return scalar.next() ? scalar.value().kind : jsonb::Kind::null;
}

std::string found_sentence(std::string_view what) {
    std::string text = "Found ";
    text += what;
    text += '.';
    return text;
}

std::string limit_sentence(size_t limit, std::string_view unit, size_t found) {
    std::string text = "The limit is " + std::to_string(limit) + " ";
    text += unit;
    text += "; found " + std::to_string(found) + ".";
    return text;
}

}  // namespace eventlog::event
