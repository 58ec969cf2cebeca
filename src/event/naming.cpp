#include "event/naming.h"

#include <algorithm>

#include "event/characters.h"

namespace eventlog::event {
namespace {

// [a-z][a-z0-9]*
bool is_plain_part(std::string_view part) {
    return !part.empty() && is_lower(part.front()) &&
           std::all_of(part.begin(), part.end(), [](char c) { return is_lower(c) || is_digit(c); });
}

// [a-z][a-z0-9_]*
bool is_part(std::string_view part) {
    return !part.empty() && is_lower(part.front()) && std::all_of(part.begin(), part.end(), [](char c) {
        return is_lower(c) || is_digit(c) || c == '_';
    });
}

// Accepts v1, v2, … v10 without a leading zero, so that each version has one spelling.
bool is_version(std::string_view part) {
    return part.size() >= 2 && part[0] == 'v' && part[1] != '0' && are_digits(part.substr(1));
}

bool is_strict(std::string_view name) {
    auto dots = std::count(name.begin(), name.end(), '.');
    if (dots == 3) {
        const size_t last = name.rfind('.');
        if (!is_version(name.substr(last + 1))) return false;
        name = name.substr(0, last);
        dots--;
    }
    return dots == 2 && all_parts(name, is_plain_part);
}

}  // namespace

bool follows(NamingPolicy policy, std::string_view name) {
    switch (policy) {
        case NamingPolicy::any:
            return true;
        case NamingPolicy::dotted:
            return name.find('.') != std::string_view::npos && all_parts(name, is_part);
        case NamingPolicy::strict:
            return is_strict(name);
    }
    return false;
}

}  // namespace eventlog::event
