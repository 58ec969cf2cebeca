// Whether the server's transaction numbers go on above those of the log.
//
// They go back when pg_resetwal gives the server a lower number. What is logged then would be below the
// cursor of each reader, and skipped. The log is adopted anew, which raises its offset.
#pragma once

#include "store/catalog.h"

namespace eventlog::store {

// Returns whether the next number is above every cursor and above the newest rows of each log. `known` has
// the offset. Nobody can lower the numbers while the server runs, so after one comparison nothing is read
// until it is started again; without preloading each process compares. May ereport, so call it inside
// pg::call.
bool numbers_go_on(const Catalog& known);

}  // namespace eventlog::store
