// The way to a partition's rows in the order of their ids, newest first. It is an index whose leading columns
// are fixed by filters, and whose next column is event_id. The functions may ereport, so call them inside
// pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

struct Path {
    Relation index = nullptr;  // open; null if there is none
    int fixed = 0;             // number of leading columns that filters fix
    int filters[INDEX_MAX_KEYS] = {};
};

// Opens the index with the most fixed columns. Among several it prefers the one whose first column comes
// first in kFilterColumns. If no index has a fixed column, it is one that begins with event_id: the primary
// key. Close the path with `close_path`.
Path open_path(Relation leaf, const Attributes& attributes, const Filters& filters);
void close_path(const Path& path);

// A scan of the path for the ids from `from` to `to`, both inclusive, newest first.
struct PathScan {
    IndexScanDesc scan;
    ScanDirection direction;
    AttrNumber id_column;  // the index's column with the id
};
PathScan begin_path_scan(Relation leaf, const Path& path, const Filters& filters, const ids::Uuid& from,
                         const ids::Uuid& to);

// Moves to the next entry and stores its id. Returns false at the end. The entry's row need not be visible.
bool next_entry(const PathScan& scan, ids::Uuid& id);

// Does the same in the other direction: the oldest entry comes first.
bool next_older_first(const PathScan& scan, ids::Uuid& id);
void end_path_scan(const PathScan& scan);

}  // namespace eventlog::pages
