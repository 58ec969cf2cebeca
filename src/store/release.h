// Versions of the extension, and what a library can do with SQL objects of another version.
//
// A C function keeps its name, its arguments and their meaning for ever; what changes gets a new name. So a
// library can serve the SQL objects of releases before it, and an older library the log calls of newer ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace eventlog::store {

// What the library does for the SQL objects of a database.
enum class Service : uint8_t {
    none,     // the extension is not installed
    logging,  // log calls alone: the SQL objects are newer than the library, or older than it serves
    full,     // everything that the SQL objects have
};

// The oldest release whose SQL objects are served in full.
inline constexpr std::string_view kOldestServed = "0.2.0";

// A version `major.minor.patch` as one number that sorts as versions do; nothing for another text. A suffix
// such as "-dev" is left out of account.
std::optional<int64_t> release_number(std::string_view version);

// The service that a library of version `library` gives to SQL objects of version `objects`.
Service service_for(std::string_view objects, std::string_view library);

}  // namespace eventlog::store
