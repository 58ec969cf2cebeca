// Pages of the log, newest first.
//
// A page walks the partitions, beginning with the newest one at or below its cursor. In each it walks the
// index that fits its filters (pages/path.h). It then queries the rows that it has found, so that the
// caller's privileges and row security apply. It examines at most eventlog.page_scan_rows rows.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

struct PageRequest {
    Filters filters;
    size_t max_rows;
    std::optional<ids::Uuid> cursor;  // all ids of the page are below it
};

struct Page {
    std::vector<HeapTuple> rows;
    TupleDesc columns = nullptr;    // of `rows`
    std::optional<ids::Uuid> next;  // the next page's cursor; nothing if there is no next page
    bool cut = false;               // eventlog.page_scan_rows ended it, perhaps short of max_rows
};

// Fetches the rows with these ids, which are all between `from` and `to`, newest first, as far as the caller
// may see them. Leaves them in SPI_tuptable, with event_id as the first column. May ereport.
using FetchRows = void (*)(std::span<const ids::Uuid> ids, const ids::Uuid& from, const ids::Uuid& to);

// Finds the page. The caller is connected to SPI, whose memory holds the rows. Raises the errors of `fetch`,
// such as 42501.
Page find_page(const PageRequest& request, FetchRows fetch);

}  // namespace eventlog::pages
