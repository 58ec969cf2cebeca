// Leases a consumer's next events, one piece at a time.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "follow/snapshot.h"

namespace eventlog::feed {

struct LeaseRequest {
    std::string_view consumer;
    size_t max_rows;
    Interval* duration;
    bool may_wait;  // the caller waits if nothing is found, so the look must leave no lock behind
};

struct LeasedPiece {
    std::vector<ids::Uuid> ids;             // in order; leased once the transaction commits
    std::optional<TimestampTz> lease_ends;  // when leased events may be handed out again
    bool moved = false;                     // no ids, but the stored position has moved past events
};

// Leases the consumer's next events: first those whose lease has ended, otherwise those behind its position.
// Waits for another transaction that has polled the consumer. Throws pg::Error with 42704 if there is no such
// consumer, and pg::ServerError.
LeasedPiece lease_next(const LeaseRequest& request);

// Returns a new snapshot, which tells which transactions have ended by now. Throws pg::ServerError.
follow::Snapshot ended_by_now();

}  // namespace eventlog::feed
