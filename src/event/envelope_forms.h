// The three forms of a JSON envelope: native, central, platform.
#pragma once

#include <optional>

#include "event/event.h"
#include "rules/violation.h"

namespace eventlog::event {

// Reads an envelope (the root container of a JSONB datum) into `event`, whose fields and keys then are views
// of the envelope. The form is told by its recognising key; a key that is not of the form, a field given
// twice under two spellings, recognising keys of two forms or of none, a required key missing, a value of the
// wrong JSON type and a time that cannot be read are violations. A JSON null is as if the key were absent.
std::optional<rules::Violation> read_envelope(const jsonb::Container& envelope, Event& event);

// The violation of something else in an envelope's place.
rules::Violation not_an_envelope(jsonb::Kind found);

}  // namespace eventlog::event
