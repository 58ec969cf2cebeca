// The queries over eventlog.events that readers are made of. May ereport: call inside pg::call, connected to
// SPI.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "follow/snapshot.h"

namespace eventlog::follow {

struct ReadRow {
    event::StoredRow row;  // views of the current memory context
    uint64_t xid;
};

// Rows of the window that ends at `to`, in no order, `limit` at the most.
std::span<ReadRow> rows_of_window(const WindowBounds& bounds, const char* to, size_t limit);

// Rows behind `after`, in id order, whatever their window.
std::span<ReadRow> rows_behind(const ids::Uuid& after, size_t limit);

// The rows of these ids that are still in the log, in id order.
std::span<ReadRow> rows_of_ids(std::span<const ids::Uuid> ids);

// The same for those between `from` and `to`, newest first, as the caller may see them: left in SPI_tuptable,
// to be read by `read_row`.
void fetch_page_rows(std::span<const ids::Uuid> ids, const ids::Uuid& from, const ids::Uuid& to);
ReadRow read_row(HeapTuple tuple, TupleDesc columns);

// Stores in `id` the first id of the window behind `after`; false when there is none.
bool first_of_window(const WindowBounds& bounds, const char* to, const ids::Uuid& after, ids::Uuid& id);

}  // namespace eventlog::follow
