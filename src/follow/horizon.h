// The current snapshot in the log's own numbering.
#pragma once

#include "follow/snapshot.h"

namespace eventlog::follow {

// The active snapshot, this transaction in progress, shifted by the xid offset; 55000 during recovery. Throws
// pg::ServerError.
Snapshot horizon();

}  // namespace eventlog::follow
