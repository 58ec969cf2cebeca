// Times as ISO 8601 text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace eventlog::event {

// Reads an ISO 8601 date, or a date and a time separated by T, t or one space. Seconds and their fraction
// are optional, and so is the offset, which is Z, z, +hh, +hhmm or +hh:mm; a time without an offset is in
// UTC. Years range from 0001 to 9999. A leap second (60) is read as the second after 59, and digits past
// the microsecond are rounded. Returns nothing if the text cannot be read.
std::optional<Micros> parse_iso8601(std::string_view text);

// Returns whether the text begins with a date like one of ISO 8601, but of a year before 0001 or after 9999.
bool has_other_year(std::string_view text);

// Writes a time as ISO 8601 in UTC with six decimals and Z: 2026-11-20T08:15:30.000000Z. Like PostgreSQL's
// to_json, it does not limit years before 1 or after 9999: they get as many digits as they need, and a
// leading minus sign (astronomical year).
void append_iso8601(std::string& out, Micros time);
size_t iso8601_size(Micros time);

}  // namespace eventlog::event
