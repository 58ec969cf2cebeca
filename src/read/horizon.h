// The current snapshot in the log's own numbering.
#pragma once

#include "pg.h"

#include "read/snapshot.h"

namespace eventlog::read {

// The server's snapshot and what its numbers are shifted by.
struct ServerSnapshot {
    Datum datum;
    const char* text;
    uint64_t offset;
};

// The active snapshot; 55000 during recovery. May ereport: call inside pg::call.
ServerSnapshot server_snapshot();

// The same, shifted. Throws pg::ServerError.
Snapshot horizon();

}  // namespace eventlog::read
