// The three forms of a JSON envelope: native, central, platform.
#pragma once

#include <optional>

#include "event/event.h"
#include "rules/violation.h"

namespace eventlog::event {

// Reads an envelope (the root container of a JSONB datum) into `event`, whose fields and keys are then
// views of the envelope. The form is identified by its recognising key. The function returns a violation if
// a key does not belong to the form, if a field is given twice under two spellings, if the recognising keys
// of two forms or of none are present, if a required key is missing, if a value has the wrong JSON type, or
// if a time cannot be read. A JSON null counts as an absent key.
std::optional<rules::Violation> read_envelope(const jsonb::Container& envelope, Event& event);

// Returns the violation for a JSON value of another type in place of an envelope.
rules::Violation not_an_envelope(jsonb::Kind found);

}  // namespace eventlog::event
