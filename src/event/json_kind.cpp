#include "event/json_kind.h"

namespace eventlog::event {

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

jsonb::Kind kind_of_text(std::string_view json) {
    const size_t start = json.find_first_not_of(" \t\n\r");
    switch (start == std::string_view::npos ? '\0' : json[start]) {
        case '{':
            return jsonb::Kind::object;
        case '[':
            return jsonb::Kind::array;
        case '"':
            return jsonb::Kind::string;
        case 't':
        case 'f':
            return jsonb::Kind::boolean;
        case 'n':
            return jsonb::Kind::null;
        default:
            return jsonb::Kind::number;
    }
}

}  // namespace eventlog::event
