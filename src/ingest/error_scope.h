// Tells which of several events an error concerns.
#pragma once

#include "pg/server.h"

namespace eventlog::ingest {

enum class ErrorScope : uint8_t {
    event,        // the one event that raised it
    transaction,  // every event of the transaction: its state, a conflict with another transaction, a defect
    server,       // every event: a lock, disk or memory is not available, or the session must end
};

ErrorScope scope_of(int sqlstate);

}  // namespace eventlog::ingest
