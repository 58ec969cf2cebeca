// The way to a partition's rows in the order of their ids, newest first: an index whose leading columns the
// filters fix, and whose next column is event_id. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "pages/filter.h"

namespace eventlog::pages {

struct Path {
    Relation index = nullptr;  // open; null: there is none
    int fixed = 0;             // leading columns that filters fix
    int filters[INDEX_MAX_KEYS] = {};
};

// The index with the most columns fixed; of several the one whose first column comes first in kFilterColumns.
// With no column fixed it is one that begins with event_id: the primary key. Close it with `close_path`.
Path open_path(Relation leaf, const Attributes& attributes, const Filters& filters);
void close_path(const Path& path);

// A scan of the path over the ids from `from` to `to`, both inclusive, newest first.
struct PathScan {
    IndexScanDesc scan;
    ScanDirection direction;
    AttrNumber id_column;  // of the index
};
PathScan begin_path_scan(Relation leaf, const Path& path, const Filters& filters, const ids::Uuid& from,
                         const ids::Uuid& to);

// Moves to the next entry and stores its id; false at the end. Its row need not be visible.
bool next_entry(const PathScan& scan, ids::Uuid& id);
void end_path_scan(const PathScan& scan);

}  // namespace eventlog::pages
