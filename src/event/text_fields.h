// The text fields of an event, in the order in which their rules are checked.
#pragma once

#include <array>
#include <string_view>

#include "event/event.h"
#include "event/field.h"

namespace eventlog::event {

struct TextField {
    Field field;
    std::string_view Event::*member;
    bool has_length_limit;  // the others have a format of their own
};

inline constexpr std::array kTextFields{
    TextField{Field::event_name, &Event::event_name, true},
    TextField{Field::event_type, &Event::event_type, true},
    TextField{Field::source, &Event::source, true},
    TextField{Field::actor_type, &Event::actor_type, true},
    TextField{Field::actor_id, &Event::actor_id, true},
    TextField{Field::resource_type, &Event::resource_type, true},
    TextField{Field::resource_id, &Event::resource_id, true},
    TextField{Field::sofa, &Event::sofa, true},
    TextField{Field::idempotency_key, &Event::idempotency_key, true},
    TextField{Field::app_version, &Event::app_version, true},
    TextField{Field::trace_id, &Event::trace_id, false},
    TextField{Field::schema_version, &Event::schema_version, false},
};

// Returns the member of Event that holds a text field.
constexpr std::string_view Event::*member_of(Field field) {
    for (const TextField& text : kTextFields) {
        if (text.field == field) return text.member;
    }
    return nullptr;
}

}  // namespace eventlog::event
