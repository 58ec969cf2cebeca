// The rows that a page cannot read by itself, which SQL reads for it with the caller's privileges and row
// security. The plans are made anew for each call, so that they lock no partition but those of the range. The
// functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

// Stores the newest rows between `from` and `to`, both inclusive, that satisfy the filters, for a partition
// that has no index to walk along. Returns their number. The server reads and sorts the whole range.
size_t find_unkeyed(const Filters& filters, const ids::Uuid& from, const ids::Uuid& to,
                    std::span<HeapTuple> rows);

// Replaces each id by its row, or by null if the caller may not see the row. The ids are descending.
void fetch_rows(std::span<const ids::Uuid> ids, std::span<HeapTuple> rows);

}  // namespace eventlog::pages
