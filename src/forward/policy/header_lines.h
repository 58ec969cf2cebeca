// The header lines that a target's options add to its requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace eventlog::forward {

struct HeaderFault {
    std::string sentence;  // what is wrong; empty: nothing
    bool is_credential = false;
};

// Reads lines `Name: value`, separated by line feeds; blank lines are left out. Refused are what is no
// header, control characters, headers that the extension or libcurl sets itself, and, unless `credentials`,
// those that carry a credential: Authorization, Cookie, names that end with key, token, secret and the like,
// and values that begin with Bearer or Basic.
HeaderFault parse_headers(std::string_view text, bool credentials, std::vector<std::string>& lines);

// Whether it holds what no header's value may: a control character other than a tab (RFC 9110, 5.5).
bool has_control(std::string_view text);

// The name of such a line, in lower case.
std::string header_name(std::string_view line);

}  // namespace eventlog::forward
