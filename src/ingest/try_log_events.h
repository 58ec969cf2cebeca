// Writes the events of an array that are valid, and tells of each that is not what is wrong with it.
#pragma once

#include "pg/boundary.h"

#include "event/event.h"
#include "event/json_array.h"
#include "ids/uuid7.h"
#include "jsonb/view.h"

namespace eventlog::ingest {

struct TriedEvent {
    event::Event event;
    size_t metadata_bytes = 0;
    ids::Uuid id{};
    pg::Error refusal{.sqlstate = 0};  // 0: not refused

    bool is_refused() const { return refusal.sqlstate != 0; }
    // Counts as a rejected call.
    void refuse(pg::Error error);
};

// Writes every event of the array that can be written, and returns all in the order of the array. An error
// that does not concern a single event is thrown, and nothing is written then. Throws pg::Error and
// pg::ServerError.
std::vector<TriedEvent> try_log_events(const jsonb::Container& events);

// Does the same for a JSON text. An event that JSONB cannot hold is refused like any other.
std::vector<TriedEvent> try_log_events(const event::JsonArray& events);

}  // namespace eventlog::ingest
