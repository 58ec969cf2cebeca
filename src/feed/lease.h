// Leases of a consumer's next events, one piece at a time.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "follow/snapshot.h"

namespace eventlog::feed {

struct LeaseRequest {
    std::string_view consumer;
    size_t max_rows;
    Interval* duration;
    bool may_wait;  // the caller waits where nothing is found, so that no lock may be left behind
};

struct LeasedPiece {
    std::vector<ids::Uuid> ids;             // in order; leased once the transaction commits
    std::optional<TimestampTz> lease_ends;  // when there may be events to be given out again
    bool moved = false;  // without ids: the stored position has changed all the same, to pass over events
};

// Leases the consumer's next events: first those whose lease has ended, else those behind its position. Waits
// for another transaction that has polled the consumer. Throws pg::Error, 42704, and pg::ServerError.
LeasedPiece lease_next(const LeaseRequest& request);

// Which transactions have ended by now. Throws pg::ServerError.
follow::Snapshot ended_by_now();

}  // namespace eventlog::feed
