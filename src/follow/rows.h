// The queries on eventlog.events that readers use. The functions may ereport, so call them inside pg::call
// and connected to SPI. Their results are allocated in the current memory context.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "follow/snapshot.h"

namespace eventlog::follow {

struct ReadRow {
    event::StoredRow row;  // views of the current memory context
    uint64_t xid;
};

// Returns at most `limit` rows of the window that ends at `to`, in no particular order.
std::span<ReadRow> rows_of_window(const WindowBounds& bounds, const char* to, size_t limit);

// Returns at most `limit` rows behind `after` in id order, whatever their window, of the partitions that may
// hold rows of this one.
std::span<ReadRow> rows_behind(const WindowBounds& bounds, const ids::Uuid& after, size_t limit);

// Returns the rows with these ids that are still in the log, in id order.
std::span<ReadRow> rows_of_ids(std::span<const ids::Uuid> ids);

// Reads a row of the queries above.
ReadRow read_row(HeapTuple tuple, TupleDesc columns);

// Stores in `id` the first id of the window behind `after`. Returns false if there is none.
bool first_of_window(const WindowBounds& bounds, const char* to, const ids::Uuid& after, ids::Uuid& id);

}  // namespace eventlog::follow
