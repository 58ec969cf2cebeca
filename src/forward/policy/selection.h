// The events that a target is sent, which its option `events` selects.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/stored_row.h"
#include "event/name_patterns.h"

namespace eventlog::forward {

class Selection {
  public:
    // The default selects the events that were logged with forward_to_statsig.
    Selection() = default;

    // Reads `flagged`, `all`, or a list of name patterns, which select events whether they are flagged or
    // not. Returns null if the value is valid, otherwise a sentence that says what was expected.
    static const char* parse(std::string_view value, Selection& selection);

    // Returns whether the row is selected. Only its event_name and metadata are read.
    bool selects(const event::StoredRow& row) const;

    // Returns whether only flagged events can be selected.
    bool only_flagged() const { return kind_ == Kind::flagged; }

    bool operator==(const Selection&) const = default;

  private:
    enum class Kind : uint8_t { flagged, all, named };

    Kind kind_ = Kind::flagged;
    event::NamePatterns names_;
};

}  // namespace eventlog::forward
