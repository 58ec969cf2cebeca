// Conversion of text to a URI reference (RFC 3986, section 4.1).
#pragma once

#include <string>
#include <string_view>

namespace eventlog::forward {

// Appends `text` unchanged if it is a URI reference. Otherwise percent-encodes the characters that are not
// allowed, and puts "./" before a first segment whose colon would end a scheme. An IPv6 address in brackets
// is encoded too.
void append_uri_reference(std::string& out, std::string_view text);

}  // namespace eventlog::forward
