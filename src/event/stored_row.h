// A row of eventlog.events as plain data, which the log functions write and a forwarder reads back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"
#include "ids/uuid7.h"
#include "jsonb/view.h"

namespace eventlog::event {

// A view without data stands for NULL in its column.
struct StoredRow {
    ids::Uuid event_id{};
    std::string_view event_name;
    std::string_view event_type;
    std::string_view source;
    Origin origin = Origin::backend;
    std::string_view actor_type;
    std::string_view actor_id;
    std::string_view resource_type;
    std::string_view resource_id;
    std::optional<ids::Uuid> tenant_id;
    Micros event_ts = 0;
    Micros ingested_at = 0;
    std::optional<double> value;
    jsonb::Container metadata;  // includes _eventLog
    std::string_view schema_version;
    std::string_view trace_id;
    std::string_view app_version;
    std::string_view sofa;
};

// Returns "backend" or "frontend".
std::string_view name_of(Origin origin);

// Appends the row as one canonical JSON object. Its keys are the column names in sorted order, without NULL
// columns and xid; uuids are written as text, times as ISO 8601 in UTC with six decimals and Z.
void append_canonical(std::string& out, const StoredRow& row);

// Returns the size of that object in bytes. The call is cheap because it does not build the object.
size_t canonical_size(const StoredRow& row, size_t metadata_bytes);

}  // namespace eventlog::event
