// Versions of the extension, and the service that a library gives to SQL objects of another version.
//
// A C function keeps its name, its arguments and their meaning for ever; a function that has to change gets a
// new name. So a library can serve the SQL objects of releases before it, and an older library can serve the
// log calls of newer SQL objects.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace eventlog::store {

// The extent to which the library serves the SQL objects of a database.
enum class Service : uint8_t {
    none,     // the extension is not installed
    logging,  // log calls only: the SQL objects are newer than the library, or too old for it
    full,     // everything that the SQL objects offer
};

// The oldest release whose SQL objects are served in full.
inline constexpr std::string_view kOldestServed = "0.2.0";

// The release that moved the internal functions into a schema of their own.
inline constexpr std::string_view kFirstWithInternalSchema = "0.3.0";

// Returns a version `major.minor.patch` as a number that sorts as versions do, or nothing for any other text.
// A suffix such as "-dev" is ignored.
std::optional<int64_t> release_number(std::string_view version);

// Returns the schema that holds the internal functions of SQL objects of version `objects`. Before release
// 0.3.0 they were in the same schema as all others.
const char* internal_schema_of(std::string_view objects);

// Returns the service that a library of version `library` gives to SQL objects of version `objects`.
Service service_for(std::string_view objects, std::string_view library);

}  // namespace eventlog::store
