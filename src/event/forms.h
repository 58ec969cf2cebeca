// The three forms of a JSON envelope: native, central, platform.
#pragma once

#include <optional>

#include "event/event.h"
#include "event/problem.h"

namespace eventlog::event {

// Reads an envelope (the root container of a JSONB datum) into `event`, whose fields then are views of the
// envelope. The form is told by its recognising key; a key that is not of the form, a field given twice under
// two spellings, recognising keys of two forms or of none, a required key missing, a value of the wrong JSON
// type and a time that cannot be read are problems. A JSON null is as if the key were absent.
std::optional<Problem> read_envelope(const jsonb::Container& envelope, Event& event);

// The problem of something else in an envelope's place.
Problem not_an_envelope(jsonb::Kind found);

}  // namespace eventlog::event
