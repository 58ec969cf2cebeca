// Text as a URI reference (RFC 3986, 4.1).
#pragma once

#include <string>
#include <string_view>

namespace eventlog::forward {

// Appends `text`: as it is where it is a URI reference, otherwise with what does not belong percent-encoded
// and "./" before a first segment whose colon would end a scheme. An IPv6 address in brackets is encoded too.
void append_uri_reference(std::string& out, std::string_view text);

}  // namespace eventlog::forward
