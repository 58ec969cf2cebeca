// W3C Trace Context.
#pragma once

#include <optional>
#include <string_view>

namespace eventlog::event {

// Returns whether the text has 32 lower-case hex digits that are not all zero.
bool is_trace_id(std::string_view text);

// Returns the trace id of a W3C traceparent, or nothing if the text is no traceparent. The text has the
// form version-traceid-parentid-flags in lower case, neither id is all zero, and the version is not ff. For
// a version above 00 only the first 55 characters are read, and a `-` or the end of the text must follow
// them.
std::optional<std::string_view> trace_id_of_traceparent(std::string_view text);

}  // namespace eventlog::event
