// The record of an erasure: an event that tells who erased, and how much.
#pragma once

#include "pg/server.h"

#include "erasure/erasure.h"

namespace eventlog::erasure {

// Erases the events, and logs an event that records the erasure in the same transaction. Throws what `erase`
// and a log call throw.
Erased erase_and_log(const Erasure& erasure);

}  // namespace eventlog::erasure
