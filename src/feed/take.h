// One look for a consumer's next events.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "follow/snapshot.h"

namespace eventlog::feed {

struct Wanted {
    std::string_view name;
    size_t max_rows;
    Interval* lease;
    bool waits;  // a look that finds nothing leaves no lock behind
};

struct Taken {
    std::vector<ids::Uuid> ids;             // in order; leased once the transaction commits
    std::optional<TimestampTz> lease_ends;  // when there may be events to be given out again
    bool moved = false;  // without ids: what is stored has changed all the same, to pass over events
};

// Leases the consumer's next events: first those whose lease has ended, else those behind its position. Waits
// for another transaction that has polled the consumer. Throws pg::Error, 42704, and pg::ServerError.
Taken take(const Wanted& wanted);

// Which transactions have ended by now. Throws pg::ServerError.
follow::Snapshot ended_by_now();

}  // namespace eventlog::feed
