// gzip for request bodies (RFC 1952, by zlib).
#pragma once

#include <string>
#include <string_view>

namespace eventlog::forward {

// Compresses `plain` into `packed`, at zlib's fastest level; false when zlib cannot get memory.
bool gzip(std::string_view plain, std::string& packed);

}  // namespace eventlog::forward
