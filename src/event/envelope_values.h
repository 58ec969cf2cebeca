// Reads one JSON value of an envelope into the field of the event that its key stands for.
#pragma once

#include <optional>
#include <string_view>

#include "event/event.h"
#include "event/problem.h"
#include "jsonb/view.h"

namespace eventlog::event {

// `key` is the key as the caller spelled it; the value is not null. A blank text leaves a time or an origin
// omitted.
using ValueReader = std::optional<Problem> (*)(Event& event, Field field, std::string_view key,
                                               const jsonb::Value& value);

std::optional<Problem> read_text(Event& event, Field field, std::string_view key, const jsonb::Value& value);
std::optional<Problem> read_metadata(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value);
std::optional<Problem> read_origin(Event& event, Field field, std::string_view key,
                                   const jsonb::Value& value);
std::optional<Problem> read_event_ts(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value);
std::optional<Problem> read_value(Event& event, Field field, std::string_view key, const jsonb::Value& value);
std::optional<Problem> read_forward_to_statsig(Event& event, Field field, std::string_view key,
                                               const jsonb::Value& value);
// An object {type, id} with both keys and no other.
std::optional<Problem> read_actor(Event& event, Field field, std::string_view key, const jsonb::Value& value);
std::optional<Problem> read_resource(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value);

// Whether a required field was left out: a text that is absent or blank, no event_ts. A blank event name is
// not missing, it has a rule of its own.
bool is_missing(const Event& event, Field field);

// The problem of a required key that is missing.
Problem missing_key(Field field, std::string_view key, std::string detail);

}  // namespace eventlog::event
