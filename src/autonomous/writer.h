// The worker's side of autonomous events: it writes the events that callers have put into the queue.
#pragma once

#include "pg/boundary.h"

namespace eventlog::autonomous {

// Writes the waiting events of this database, one group in one transaction, and answers them. If more events
// wait than one group may hold, sets the latch of the process. Throws an error that no event has caused; no
// event is lost then, and the next call continues.
void serve();

}  // namespace eventlog::autonomous
