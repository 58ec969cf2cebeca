// The header lines that a target's options add to its requests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace eventlog::forward {

struct HeaderFault {
    std::string sentence;  // describes the fault; empty if there is none
    bool is_credential = false;
};

// Reads lines `Name: value`, separated by line feeds, and ignores blank lines. Refuses lines that are no
// header, control characters, and headers that the extension or libcurl sets itself. Unless `credentials` is
// true, also refuses headers that carry a credential: Authorization, Cookie, names that end with key, token,
// secret and the like, and values that begin with Bearer or Basic.
HeaderFault parse_headers(std::string_view text, bool credentials, std::vector<std::string>& lines);

// Returns whether the text contains a character that no header value may contain, which is a control
// character other than a tab (RFC 9110, section 5.5).
bool has_control(std::string_view text);

// Returns the name of a header line in lower case.
std::string header_name(std::string_view line);

}  // namespace eventlog::forward
