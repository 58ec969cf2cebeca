// Polling a consumer: leasing its next events, and waiting for some where there are none.
#pragma once

#include "pg/server.h"

#include "feed/lease.h"

namespace eventlog::feed {

// Refuses where no lease can be stored, or where new events cannot be seen: during recovery and in a
// read-only transaction (25006), in a parallel worker (25000), and under an isolation level that keeps one
// snapshot (25001). Makes a restored log ready. May ereport: call inside pg::call.
void require_pollable();

// Leases the consumer's next events; where there are none, waits for some until `deadline`. Empty where none
// have come, or where so many events were passed over that the caller should ask again. Throws pg::Error,
// 42704, where there is no such consumer, and pg::ServerError.
std::vector<ids::Uuid> poll(const LeaseRequest& request, TimestampTz deadline);

}  // namespace eventlog::feed
