// An event before it is written: plain views of the caller's data, valid as long as the caller's memory.
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

// Microseconds since the Unix epoch; the smallest and the greatest value stand for PostgreSQL's -infinity
// and infinity.
using Micros = int64_t;
inline constexpr Micros kMinusInfinity = std::numeric_limits<Micros>::min();
inline constexpr Micros kInfinity = std::numeric_limits<Micros>::max();
// Stands for every finite time of PostgreSQL that is later than the last one that Micros can hold.
inline constexpr Micros kTooLate = kInfinity - 1;

// A text field that is a view without data has been omitted; `normalise` turns blank texts into such views.
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
    bool event_name_given = false;  // distinguishes a blank name from a missing one
    // The envelope's keys for the fields, as the caller spelled them; a view without data stands for the
    // SQL name.
    std::array<std::string_view, kFields> keys;
};

inline bool given(std::string_view text) {
    return text.data() != nullptr;
}

// Returns the name by which the caller of this event knows the field.
inline std::string_view name_of(const Event& event, Field field) {
    const std::string_view key = event.keys[static_cast<size_t>(field)];
    return given(key) ? key : name_of(field);
}

}  // namespace eventlog::event
