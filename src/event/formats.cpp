#include "event/formats.h"

#include <algorithm>
#include <charconv>

#include "event/characters.h"

namespace eventlog::event {
namespace {

bool is_semver_number(std::string_view text) {
    return !text.empty() && are_digits(text) && (text.size() == 1 || text.front() != '0');
}

bool is_build_identifier(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || is_lower(c) || is_upper(c) || c == '-';
    });
}

bool is_prerelease_identifier(std::string_view text) {
    return are_digits(text) ? is_semver_number(text) : is_build_identifier(text);
}

// Cuts the text from the first `mark` on off `text` and returns what follows the mark; nothing without a
// mark.
std::optional<std::string_view> cut_from(std::string_view& text, char mark) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

// The parts of a traceparent by their place in the text.
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

// The shortest text of a double has at most that of -1.7976931348623157e+308.
constexpr size_t kMaxDoubleLength = 24;

std::string_view print_double(char (&out)[kMaxDoubleLength], double value) {
    return {out, std::to_chars(out, out + kMaxDoubleLength, value).ptr};
}

}  // namespace

bool is_semver(std::string_view text) {
    const auto build = cut_from(text, '+');
    const auto prerelease = cut_from(text, '-');
    return std::count(text.begin(), text.end(), '.') == 2 && all_parts(text, is_semver_number) &&
           (!prerelease || all_parts(*prerelease, is_prerelease_identifier)) &&
           (!build || all_parts(*build, is_build_identifier));
}

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

size_t characters(std::string_view utf8) {
    return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), is_character_start));
}

void append_double(std::string& out, double value) {
    char text[kMaxDoubleLength];
    out.append(print_double(text, value));
}

size_t double_size(double value) {
    char text[kMaxDoubleLength];
    return print_double(text, value).size();
}

}  // namespace eventlog::event
