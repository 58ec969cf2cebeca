// An event on its way in: plain views of the caller's data, valid as long as the caller's memory.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "event/field.h"
#include "jsonb/view.h"

namespace eventlog::event {

enum class Origin : uint8_t { backend, frontend };

// Microseconds since the Unix epoch; the two ends stand for PostgreSQL's -infinity and infinity.
using Micros = int64_t;
inline constexpr Micros kMinusInfinity = std::numeric_limits<Micros>::min();
inline constexpr Micros kInfinity = std::numeric_limits<Micros>::max();

// Text fields: a view without data is an omitted field; `normalise` makes blank ones so.
struct Event {
    std::string_view event_name;
    std::string_view event_type;
    std::string_view source;
    std::string_view actor_type;
    std::string_view actor_id;
    std::string_view resource_type;
    std::string_view resource_id;
    std::string_view schema_version;
    std::string_view trace_id;
    std::string_view app_version;
    std::string_view sofa;
    std::string_view idempotency_key;
    std::optional<Origin> origin;
    std::optional<Micros> event_ts;
    std::optional<double> value;
    std::optional<bool> forward_to_statsig;
    jsonb::Container metadata;      // the caller's; absent means {}
    bool event_name_given = false;  // tells a blank name from a missing one
    // The keys of an envelope that stand for the fields, as the caller spells them; without data: the SQL
    // name.
    std::array<std::string_view, kFields> keys;
};

inline bool given(std::string_view text) {
    return text.data() != nullptr;
}

// What the caller of this event calls the field.
inline std::string_view name_of(const Event& event, Field field) {
    const std::string_view key = event.keys[static_cast<size_t>(field)];
    return given(key) ? key : name_of(field);
}

}  // namespace eventlog::event
