// Reads one JSON value of an envelope into the field of the event that its key stands for.
#pragma once

#include <optional>
#include <string_view>

#include "event/event.h"
#include "jsonb/view.h"
#include "rules/violation.h"

namespace eventlog::event {

// A reader requires that the value is not null and that the event knows the field's key. A blank text
// leaves a time or an origin omitted.
using ValueReader = std::optional<rules::Violation> (*)(Event& event, Field field, const jsonb::Value& value);

std::optional<rules::Violation> read_text(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_metadata(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_origin(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_event_ts(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_value(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_forward_to_statsig(Event& event, Field field, const jsonb::Value& value);
// These readers accept an object {type, id} with both keys and no others.
std::optional<rules::Violation> read_actor(Event& event, Field field, const jsonb::Value& value);
std::optional<rules::Violation> read_resource(Event& event, Field field, const jsonb::Value& value);

// Returns whether a required field was left out: a text is absent or blank, or event_ts is absent. A blank
// event name does not count as missing because a rule of its own covers it.
bool is_missing(const Event& event, Field field);

}  // namespace eventlog::event
