// The header lines that a target's options add to its requests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/violation.h"

namespace eventlog::forward {

// Reads lines `Name: value`, separated by line feeds, the value of an option `headers`; blank lines are left
// out. At least one header is required. Refused are lines that are not a header, control characters, headers
// that the extension or libcurl sets itself, and, unless `credentials`, those that carry a credential:
// Authorization, Cookie, names that end with key, token, secret and the like, and values that begin with
// Bearer or Basic.
std::optional<rules::Violation> parse_headers(std::string_view text, bool credentials,
                                              std::vector<std::string>& lines);

// Returns whether the text contains a character that no header value may contain, which is a control
// character other than a tab (RFC 9110, section 5.5).
bool has_control(std::string_view text);

// Returns the name of a header line in lower case.
std::string header_name(std::string_view line);

}  // namespace eventlog::forward
