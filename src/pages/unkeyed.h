// Finds rows in a partition that has no index to walk along.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

// Stores the ids of the newest rows between `from` and `to`, both inclusive, that satisfy the filters and
// that the caller may see. Returns their number. The server reads and sorts the whole range. May ereport, so
// call it inside pg::call and connected to SPI.
size_t find_unkeyed(const Filters& filters, const ids::Uuid& from, const ids::Uuid& to,
                    std::span<ids::Uuid> ids);

}  // namespace eventlog::pages
