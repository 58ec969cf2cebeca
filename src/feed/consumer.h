// A consumer of the feed as its rows have it.
#pragma once

#include "pg/server.h"

#include "event/name_patterns.h"
#include "follow/window.h"

namespace eventlog::feed {

// The kind of reader, as eventlog.reader_window has it.
inline constexpr const char* kConsumerReader = "consumer";

struct Consumer {
    std::string name;
    std::optional<event::NamePatterns> events;  // none: every event
    follow::Cursor cursor;
    std::optional<TimestampTz> lease_ends;  // the first end of one of its leases, past or to come

    bool selects(std::string_view event_name) const { return !events || events->match(event_name); }
};

// Keeps other pollers of the consumer out until the transaction ends. No row is locked, so that a poll that
// finds nothing writes nothing. May ereport: call inside pg::call.
void lock_consumer(std::string_view name);
void unlock_consumer(std::string_view name);

// Connected to SPI. Throws pg::Error, 42704, where there is no such consumer, and pg::ServerError.
Consumer load_consumer(std::string_view name);

// Stores that these events of the consumer's stored window have been handed out. Connected to SPI; throws
// pg::ServerError.
void store_lease(const Consumer& consumer, std::span<const ids::Uuid> ids, TimestampTz until);

// Leases the first events whose lease has ended, `max_rows` at the most; none where nothing has been changed,
// and no events where leases of such have been deleted that have left the log. Connected to SPI; throws
// pg::ServerError.
std::optional<std::vector<ids::Uuid>> lease_again(std::string_view name, size_t max_rows, TimestampTz until);

}  // namespace eventlog::feed
