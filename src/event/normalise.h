// Trimming: the first step of every entrance.
#pragma once

#include <string_view>

#include "event/event.h"

namespace eventlog::event {

// Returns `text`, which is UTF-8, without Unicode white space (property White_Space) at both ends.
std::string_view trim(std::string_view text);

inline bool is_blank(std::string_view text) {
    return trim(text).empty();
}

// Trims every text field, makes blank ones omitted, and sets `event_name_given`.
void normalise(Event& event);

}  // namespace eventlog::event
