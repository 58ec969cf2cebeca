#include "event/semver.h"

#include <algorithm>
#include <optional>

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

// Cuts `text` off before the first `mark` and returns the text that follows the mark, or nothing if there
// is no mark.
std::optional<std::string_view> cut_from(std::string_view& text, char mark) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view tail = text.substr(at + 1);
    text = text.substr(0, at);
    return tail;
}

}  // namespace

bool is_semver(std::string_view text) {
    const auto build = cut_from(text, '+');
    const auto prerelease = cut_from(text, '-');
    return std::count(text.begin(), text.end(), '.') == 2 && all_parts(text, is_semver_number) &&
           (!prerelease || all_parts(*prerelease, is_prerelease_identifier)) &&
           (!build || all_parts(*build, is_build_identifier));
}

}  // namespace eventlog::event
