// The rows of a piece, read by their ids. Only the partitions that hold them are locked, and each only while
// it is read. The functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"

namespace eventlog::feed {

// Takes the rows that are found, until it returns false. The slot has the layout of eventlog.events, and is
// valid during the call.
struct RowSink {
    bool (*take)(void* sink, const ids::Uuid& id, TupleTableSlot* row);
    void* sink;
};

// Reads the rows with these ids, which are ascending, under the active snapshot. Passes on in their order
// those that are still in the log.
void read_rows(std::span<const ids::Uuid> ids, RowSink sink);

// Appends a row of eventlog.events to a set, as a copy that needs no lock on its partition.
void put_row(ReturnSetInfo* set, TupleTableSlot* row);

}  // namespace eventlog::feed
