#include "event/field.h"

namespace eventlog::event {
namespace {

struct NamedField {
    Field field;
    std::string_view name;
};

#define NAMED(field) \
    { Field::field, #field }

constexpr NamedField kNames[] = {
    NAMED(event_name),      NAMED(event_type),  NAMED(source),        NAMED(origin),
    NAMED(actor_type),      NAMED(actor_id),    NAMED(resource_type), NAMED(resource_id),
    NAMED(event_ts),        NAMED(value),       NAMED(metadata),      NAMED(schema_version),
    NAMED(trace_id),        NAMED(app_version), NAMED(sofa),          NAMED(forward_to_statsig),
    NAMED(idempotency_key),
};

#undef NAMED

// Returns whether each name stands at the index of its field.
consteval bool are_complete() {
    for (size_t i = 0; i < kFields; i++)
        if (static_cast<size_t>(kNames[i].field) != i) return false;
    return true;
}

static_assert(sizeof(kNames) / sizeof(kNames[0]) == kFields && are_complete());

}  // namespace

std::string_view name_of(Field field) {
    return kNames[static_cast<size_t>(field)].name;
}

}  // namespace eventlog::event
