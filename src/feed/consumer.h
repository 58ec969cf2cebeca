// A consumer of the feed, as its rows store it.
#pragma once

#include "pg/server.h"

#include "event/name_patterns.h"
#include "follow/window.h"

namespace eventlog::feed {

// The kind of a consumer's cursor in eventlog.reader_window.
inline constexpr const char* kConsumerReader = "consumer";

struct Consumer {
    std::string name;
    std::optional<event::NamePatterns> events;  // none if the consumer selects every event
    follow::Cursor cursor;
    std::optional<TimestampTz> lease_ends;  // the earliest end of its leases, past or future

    bool selects(std::string_view event_name) const { return !events || events->match(event_name); }
};

// Locks out other pollers of the consumer until the transaction ends. It locks no row, so that a poll that
// finds nothing writes nothing. May ereport, so call it inside pg::call.
void lock_consumer(std::string_view name);
void unlock_consumer(std::string_view name);

// Loads a consumer. The caller is connected to SPI. Throws pg::Error with 42704 if there is no such consumer,
// and pg::ServerError.
Consumer load_consumer(std::string_view name);

// Stores a lease for these events of the consumer's stored window, until `until`. The caller is connected to
// SPI. Throws pg::ServerError.
void store_lease(const Consumer& consumer, std::span<const ids::Uuid> ids, TimestampTz until);

// Leases the first events whose lease has ended again, `max_rows` at most. Returns nothing if no lease has
// changed, and no events if only leases of events that have left the log were deleted. The caller is
// connected to SPI. Throws pg::ServerError.
std::optional<std::vector<ids::Uuid>> lease_again(std::string_view name, size_t max_rows, TimestampTz until);

}  // namespace eventlog::feed
