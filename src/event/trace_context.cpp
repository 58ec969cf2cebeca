#include "event/trace_context.h"

namespace eventlog::event {
namespace {

// The positions of a traceparent's parts in the text.
constexpr size_t kTraceIdAt = 3;
constexpr size_t kTraceIdLength = 32;
constexpr size_t kParentIdAt = 36;
constexpr size_t kParentIdLength = 16;
constexpr size_t kFlagsAt = 53;
constexpr size_t kTraceparentLength = 55;

bool is_lower_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_nonzero_hex(std::string_view text) {
    return is_lower_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

bool is_trace_id(std::string_view text) {
    return text.size() == kTraceIdLength && is_nonzero_hex(text);
}

std::optional<std::string_view> trace_id_of_traceparent(std::string_view text) {
    if (text.size() < kTraceparentLength) return std::nullopt;
    if (text[kTraceIdAt - 1] != '-' || text[kParentIdAt - 1] != '-' || text[kFlagsAt - 1] != '-') {
        return std::nullopt;
    }
    const std::string_view version = text.substr(0, 2);
    const std::string_view trace_id = text.substr(kTraceIdAt, kTraceIdLength);
    if (!is_lower_hex(version) || version == "ff" || !is_trace_id(trace_id)) return std::nullopt;
    if (!is_nonzero_hex(text.substr(kParentIdAt, kParentIdLength))) return std::nullopt;
    if (!is_lower_hex(text.substr(kFlagsAt, 2))) return std::nullopt;
    const std::string_view rest = text.substr(kTraceparentLength);
    if (!rest.empty() && (version == "00" || rest.front() != '-')) return std::nullopt;
    return trace_id;
}

}  // namespace eventlog::event
