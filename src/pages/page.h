// Pages of the log, newest first.
//
// A page walks the partitions, beginning with the newest one at or below its cursor. In each it walks the
// index that fits its filters (pages/path.h), and takes the rows that the caller may see
// (pages/visibility.h). It examines at most eventlog.page_scan_rows rows, whether the caller may see them or
// not.
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
    std::vector<HeapTuple> rows;    // in the layout of the log's table
    TupleDesc columns = nullptr;    // of `rows`
    Attributes attributes{};        // of the table
    std::optional<ids::Uuid> next;  // the next page's cursor; nothing if there is no next page
    bool cut = false;               // eventlog.page_scan_rows ended it, perhaps short of max_rows
};

// Finds the page. The rows are allocated in the current memory context. Throws pg::ServerError, such as
// 42501.
Page find_page(const PageRequest& request);

}  // namespace eventlog::pages
