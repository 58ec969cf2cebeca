// The events that a target is sent, which its option `events` selects.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "event/stored_row.h"
#include "event/name_patterns.h"
#include "rules/violation.h"

namespace eventlog::forward {

class Selection {
  public:
    // The default selects the events that were logged with forward_to_statsig.
    Selection() = default;

    static Selection of_all() {
        Selection all;
        all.kind_ = Kind::all;
        return all;
    }

    // Reads `flagged`, `all`, or a list of name patterns, which select whether an event is flagged or not.
    // Returns the violation if the value is not valid, or nothing.
    static std::optional<rules::Violation> parse(std::string_view value, Selection& selection);

    // Returns why the value, which `parse` has read, can hardly mean what it says, or nothing. Only a value
    // that is being written is checked in this way.
    std::optional<rules::Violation> mistake() const;

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
