// Formats of single fields, each with the source of its rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/event.h"

namespace eventlog::event {

// Semantic Versioning 2.0.0 (semver.org).
bool is_semver(std::string_view text);

// W3C Trace Context: 32 lower-case hex digits, not all zero.
bool is_trace_id(std::string_view text);

// The trace id of a W3C traceparent, or nothing when the text is none: version-traceid-parentid-flags, lower
// case, neither id all zero, version not ff; of a higher version than 00 the first 55 characters are read,
// and a `-` or the end follows.
std::optional<std::string_view> trace_id_of_traceparent(std::string_view text);

// ISO 8601 date, or date and time (T, t or one space between), seconds and their fraction optional, with Z,
// z, +hh, +hhmm or +hh:mm; without an offset UTC is meant. Years 0001 to 9999; a leap second (60) is the
// second after 59; digits past the microsecond are rounded. Nothing when it cannot be read.
std::optional<Micros> parse_iso8601(std::string_view text);

// ISO 8601 in UTC with six decimals and Z: 2026-11-20T08:15:30.000000Z. Years before 1 or after 9999 are
// written as PostgreSQL's to_json does not limit them: with as many digits as they need, and a leading minus
// sign (astronomical year).
void append_iso8601(std::string& out, Micros time);
size_t iso8601_size(Micros time);

// Characters of valid UTF-8.
size_t characters(std::string_view utf8);

// JSON number text of a finite double: the shortest that reads back as the same double.
void append_double(std::string& out, double value);
size_t double_size(double value);

}  // namespace eventlog::event
