// gzip compression of request bodies (RFC 1952) with zlib.
#pragma once

#include <string>
#include <string_view>

namespace eventlog::forward {

// Compresses `plain` into `packed` at zlib's fastest level. Returns false if zlib cannot allocate memory.
bool gzip(std::string_view plain, std::string& packed);

}  // namespace eventlog::forward
