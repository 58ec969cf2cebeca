// Seals partitions whose range is over: nothing can be written into them any more, and their rows are
// counted. See src/store/README.md.
#pragma once

#include "pg/server.h"

namespace eventlog::retention {

// Returns the query for the partitions that are to be sealed, or null if eventlog.sealing is off or the SQL
// objects are of a release that does not seal any. May ereport, so call it inside pg::call.
const char* partitions_to_seal();

// Seals them. A partition whose lock is not to be had is left for the next run. Called by the process that
// has its turn in this database, outside a transaction.
void seal_partitions();

}  // namespace eventlog::retention
