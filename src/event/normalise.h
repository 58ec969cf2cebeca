// Trimming: the first step of every entrance.
#pragma once

#include <string_view>

#include "event/event.h"

namespace eventlog::event {

// `text` without Unicode white space (property White_Space) at both ends; `text` is UTF-8.
std::string_view trim(std::string_view text);

inline bool is_blank(std::string_view text) {
    return trim(text).empty();
}

// Trims every text field; one that is blank becomes omitted. Sets `event_name_given`.
void normalise(Event& event);

}  // namespace eventlog::event
