// Fields of a row that several formats write in the same way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/stored_row.h"
#include "forward/encode/format.h"
#include "jsonb/build.h"

#ifndef EVENTLOG_VERSION
#define EVENTLOG_VERSION "0.0.0-unit"
#endif

namespace eventlog::forward {

// The text form of a uuid.
class UuidText {
  public:
    explicit UuidText(const ids::Uuid& id) { ids::format_uuid(id, text_.data()); }
    operator std::string_view() const { return {text_.data(), text_.size()}; }

  private:
    std::array<char, 36> text_;
};

// Converts microseconds to milliseconds, rounded down even before 1970.
int64_t millis_of(event::Micros time);
void append_integer(std::string& out, int64_t value);

// Returns the reason why a time cannot be written in RFC 3339, which has years of four digits, or nothing.
std::optional<std::string> check_rfc3339(event::Micros time);

// Returns the user id of the event: the actor if the event has one and the target's option user_id selects
// it, otherwise the target's principal.
std::string_view user_id_of(const event::StoredRow& row, const EncodeOptions& options);

// Returns the members of the caller's metadata (without _eventLog), sorted by code point.
std::vector<jsonb::Member> caller_metadata(const event::StoredRow& row);
// Appends the caller's metadata as a canonical JSON object.
void append_caller_metadata(std::string& out, const event::StoredRow& row);

// Appends `%` and two upper-case hex digits.
void append_percent_byte(std::string& out, char byte);
// Appends `text`, and percent-encodes every byte for which `is_kept` returns false.
void append_percent_encoded(std::string& out, std::string_view text, bool (*is_kept)(char));

}  // namespace eventlog::forward
