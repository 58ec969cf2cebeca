// The worker's part in autonomous events: writes what callers have put into the queue.
#pragma once

#include "pg/boundary.h"

namespace eventlog::autonomous {

// Writes what waits in this database, a group a transaction, and answers. Where more waits than is taken at
// once, the process's latch is set. Throws what is no event's fault; then nothing is lost, and the next call
// goes on.
void serve();

}  // namespace eventlog::autonomous
