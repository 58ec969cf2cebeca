// W3C Trace Context.
#pragma once

#include <optional>
#include <string_view>

namespace eventlog::event {

// 32 lower-case hex digits, not all zero.
bool is_trace_id(std::string_view text);

// The trace id of a W3C traceparent, or nothing when the text is none: version-traceid-parentid-flags, lower
// case, neither id all zero, version not ff; of a higher version than 00 the first 55 characters are read,
// and a `-` or the end follows.
std::optional<std::string_view> trace_id_of_traceparent(std::string_view text);

}  // namespace eventlog::event
