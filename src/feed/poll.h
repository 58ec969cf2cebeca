// Polls a consumer: leases its next events, and waits for some if there are none.
#pragma once

#include "pg/server.h"

#include "feed/lease.h"

namespace eventlog::feed {

// Raises an error if no lease can be stored or new events cannot be seen: 25006 during recovery and in a
// read-only transaction, 25000 in a parallel worker, and 25001 under an isolation level that keeps one
// snapshot. Adopts a restored log. May ereport, so call it inside pg::call.
void require_pollable();

// Leases the consumer's next events. If there are none, waits for some until `deadline`. Returns no events if
// none have come, or if it has passed over so many that the caller should call again. Throws pg::Error with
// 42704 if there is no such consumer, and pg::ServerError.
std::vector<ids::Uuid> poll(const LeaseRequest& request, TimestampTz deadline);

}  // namespace eventlog::feed
