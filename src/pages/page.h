// Pages of the log, newest first.
//
// A page walks the partitions from the newest one at or below its cursor, in each along the index that fits
// its filters (pages/path.h), and asks the server for the rows that it has found, so that the caller's
// privileges and row security hold. At most eventlog.page_scan_rows rows are examined.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

struct PageRequest {
    Filters filters;
    size_t max_rows;
    std::optional<ids::Uuid> cursor;  // the page has ids below it
};

struct Page {
    std::vector<HeapTuple> rows;
    TupleDesc columns = nullptr;    // of `rows`
    std::optional<ids::Uuid> next;  // the next page's cursor; nothing: there is none
    bool cut = false;               // it ends where eventlog.page_scan_rows does, perhaps short of max_rows
};

// Fetches the rows of these ids, all between `from` and `to`, newest first, as far as the caller may see
// them: leaves them in SPI_tuptable, event_id as the first column. May ereport.
using FetchRows = void (*)(std::span<const ids::Uuid> ids, const ids::Uuid& from, const ids::Uuid& to);

// The page, connected to SPI, in whose memory its rows are. Raises what the fetch raises: 42501.
Page find_page(const PageRequest& request, FetchRows fetch);

}  // namespace eventlog::pages
