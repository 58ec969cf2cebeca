// Fields of a row as more than one format writes them.
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

// The text of a uuid.
class UuidText {
  public:
    explicit UuidText(const ids::Uuid& id) { ids::format_uuid(id, text_.data()); }
    operator std::string_view() const { return {text_.data(), text_.size()}; }

  private:
    std::array<char, 36> text_;
};

// Microseconds as milliseconds, the one begun: rounded down before 1970 too.
int64_t millis_of(event::Micros time);
void append_integer(std::string& out, int64_t value);

// Why a time cannot be written as RFC 3339 has it, with a year of four digits; or nothing.
std::optional<std::string> check_rfc3339(event::Micros time);

// Who the event is sent as: the actor where the target's option user_id says so and the event has one, else
// the target's principal.
std::string_view user_id_of(const event::StoredRow& row, const EncodeOptions& options);

// The members of the caller's metadata (without _eventLog), sorted by code point.
std::vector<jsonb::Member> caller_metadata(const event::StoredRow& row);
// Appends it as a canonical JSON object.
void append_caller_metadata(std::string& out, const event::StoredRow& row);

// Appends `%` and two upper-case hex digits.
void append_percent_byte(std::string& out, char byte);
// Appends `text` with every byte percent-encoded that `is_kept` is false for.
void append_percent_encoded(std::string& out, std::string_view text, bool (*is_kept)(char));

}  // namespace eventlog::forward
