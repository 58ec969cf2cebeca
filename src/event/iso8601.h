// Times as ISO 8601 text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace eventlog::event {

// ISO 8601 date, or date and time (T, t or one space between), seconds and their fraction optional, with Z,
// z, +hh, +hhmm or +hh:mm; without an offset UTC is meant. Years 0001 to 9999; a leap second (60) is the
// second after 59; digits past the microsecond are rounded. Nothing when it cannot be read.
std::optional<Micros> parse_iso8601(std::string_view text);

// ISO 8601 in UTC with six decimals and Z: 2026-11-20T08:15:30.000000Z. Years before 1 or after 9999 are
// written as PostgreSQL's to_json does not limit them: with as many digits as they need, and a leading minus
// sign (astronomical year).
void append_iso8601(std::string& out, Micros time);
size_t iso8601_size(Micros time);

}  // namespace eventlog::event
