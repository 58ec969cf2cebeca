// The JSON that list_events returns. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"

namespace eventlog::pages {

// An event with the texts of its times: ISO 8601, UTC.
struct ShownEvent {
    event::StoredRow row;
    std::string_view event_ts;
    std::string_view ingested_at;
};

// {"data": {"events": […], "nextCursor": … | null}}
Jsonb* page_json(std::span<const ShownEvent> events, const std::optional<ids::Uuid>& next_cursor);

}  // namespace eventlog::pages
