// The current snapshot in the log's own numbering.
#pragma once

#include "follow/snapshot.h"

namespace eventlog::follow {

// Returns the active snapshot, shifted by the xid offset and with the current transaction in progress. Throws
// pg::ServerError; during recovery it is 55000.
Snapshot horizon();

}  // namespace eventlog::follow
