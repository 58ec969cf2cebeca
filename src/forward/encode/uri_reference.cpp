#include "forward/encode/uri_reference.h"

#include <algorithm>

#include "forward/encode/fields.h"

namespace eventlog::forward {
namespace {

bool is_alpha(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

// Returns whether the character is in unreserved or sub-delims, which every part of a reference allows.
bool is_plain(char c) {
    return is_alpha(c) || is_digit(c) ||
           std::string_view("-._~!$&'()*+,;=").find(c) != std::string_view::npos;
}

bool is_scheme(std::string_view text) {
    return !text.empty() && is_alpha(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
}

// Appends a part that allows the plain characters and those of `also`. Percent-encodes all others.
void append_part(std::string& out, std::string_view part, std::string_view also) {
    for (size_t at = 0; at < part.size(); ++at) {
        const char c = part[at];
        const bool is_encoded =
            c == '%' && at + 2 < part.size() && is_hex(part[at + 1]) && is_hex(part[at + 2]);
        if (is_plain(c) || is_encoded || also.find(c) != std::string_view::npos) {
            out += c;
        } else {
            append_percent_byte(out, c);
        }
    }
}

// [ userinfo "@" ] host [ ":" port ]
void append_authority(std::string& out, std::string_view authority) {
    if (const size_t at = authority.find('@'); at != std::string_view::npos) {
        append_part(out, authority.substr(0, at), ":");
        out += '@';
        authority.remove_prefix(at + 1);
    }
    const size_t colon = authority.rfind(':');
    const std::string_view port =
        colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
    if (colon == std::string_view::npos || !std::all_of(port.begin(), port.end(), is_digit))
        return append_part(out, authority, "");
    append_part(out, authority.substr(0, colon), "");
    out += ':';
    out += port;
}

}  // namespace

void append_uri_reference(std::string& out, std::string_view text) {
    const std::string_view first_segment = text.substr(0, text.find_first_of("/?#"));
    const size_t colon = first_segment.find(':');
    const bool has_scheme = colon != std::string_view::npos && is_scheme(first_segment.substr(0, colon));
    if (has_scheme) {
        out += text.substr(0, colon + 1);
        text.remove_prefix(colon + 1);
    } else if (colon != std::string_view::npos) {
        out += "./";
    }
    if (text.starts_with("//") && (has_scheme || first_segment.empty())) {
        const std::string_view authority = text.substr(2, text.find_first_of("/?#", 2) - 2);
        out += "//";
        append_authority(out, authority);
        text.remove_prefix(2 + authority.size());
    }
    const std::string_view before_fragment = text.substr(0, text.find('#'));
    const std::string_view path = before_fragment.substr(0, before_fragment.find('?'));
    append_part(out, path, ":@/");
    append_part(out, before_fragment.substr(path.size()), ":@/?");
    if (before_fragment.size() == text.size()) return;
    out += '#';
    append_part(out, text.substr(before_fragment.size() + 1), ":@/?");
}

}  // namespace eventlog::forward
