// The fields of an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventlog::event {

enum class Field : uint8_t {
    event_name,
    event_type,
    source,
    origin,
    actor_type,
    actor_id,
    resource_type,
    resource_id,
    event_ts,
    value,
    metadata,
    schema_version,
    trace_id,
    app_version,
    sofa,
    forward_to_statsig,
    idempotency_key,
};

inline constexpr size_t kFields = static_cast<size_t>(Field::idempotency_key) + 1;

// Returns the SQL name of a field, which its argument and its column share.
std::string_view name_of(Field field);

}  // namespace eventlog::event
