#include "event/name_patterns.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "event/characters.h"
#include "event/normalise.h"
#include "event/validate.h"

namespace eventlog::event {
namespace {

// The loop only ever goes back to the last star, which is enough. It is linear in practice and takes
// pattern times name steps at worst.
bool matches(std::string_view pattern, std::string_view name) {
    size_t at = 0;
    size_t star = std::string_view::npos;
    size_t after_star = 0;
    for (size_t i = 0; i < name.size();) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            after_star = i;
        } else if (at < pattern.size() && pattern[at] == name[i]) {
            at++;
            i++;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            i = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [name](const std::string& pattern) { return matches(pattern, name); });
}

char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// Returns how many letters have to be added, removed or replaced to make one text the other, up to `most`
// + 1.
size_t distance(std::string_view text, std::string_view word, size_t most) {
    if (text.size() > word.size() + most || word.size() > text.size() + most) return most + 1;
    std::vector<size_t> row(word.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (size_t i = 0; i < text.size(); i++) {
        size_t diagonal = std::exchange(row[0], i + 1);
        for (size_t j = 0; j < word.size(); j++) {
            const size_t replaced = diagonal + (lower(text[i]) == word[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view NamePatterns::bare(std::string_view pattern) {
    pattern = trim(pattern);
    return pattern.starts_with('!') ? trim(pattern.substr(1)) : pattern;
}

NamePatterns::Fault NamePatterns::add(std::string_view pattern) {
    const bool excludes = trim(pattern).starts_with('!');
    pattern = bare(pattern);
    if (pattern.empty() || characters(pattern) > kMaxTextCharacters) return Fault::length;
    if (included_.size() + excluded_.size() == kMostPatterns) return Fault::count;
    (excludes ? excluded_ : included_).emplace_back(pattern);
    return Fault::none;
}

NamePatterns::Fault NamePatterns::parse(std::string_view list, NamePatterns& patterns) {
    NamePatterns read;
    for (bool more = true; more;) {
        size_t comma = list.find(',');
        more = comma != std::string_view::npos;
        if (const Fault fault = read.add(list.substr(0, comma)); fault != Fault::none) return fault;
        if (more) list.remove_prefix(comma + 1);
    }
    patterns = std::move(read);
    return Fault::none;
}

bool NamePatterns::match(std::string_view name) const {
    return !any_matches(excluded_, name) && (included_.empty() || any_matches(included_, name));
}

std::optional<std::string_view> NamePatterns::unmatchable() const {
    for (const auto* patterns : {&included_, &excluded_})
        for (const std::string& pattern : *patterns)
            if (pattern.front() == '{' || pattern.front() == '[') return pattern;
    return std::nullopt;
}

std::optional<std::string_view> NamePatterns::misspelling_of(std::string_view word) const {
    constexpr size_t kMostMistakes = 2;
    for (const auto* patterns : {&included_, &excluded_})
        for (const std::string& pattern : *patterns)
            if (!pattern.empty() && (pattern.front() | 0x20) == (word.front() | 0x20) &&
                pattern.find('*') == std::string::npos &&
                distance(pattern, word, kMostMistakes) <= kMostMistakes)
                return pattern;
    return std::nullopt;
}

bool NamePatterns::mentions(std::string_view word) const {
    const auto same_letter = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
    const auto is_word = [&](const std::string& pattern) {
        return std::equal(pattern.begin(), pattern.end(), word.begin(), word.end(), same_letter);
    };
    return std::any_of(included_.begin(), included_.end(), is_word) ||
           std::any_of(excluded_.begin(), excluded_.end(), is_word);
}

}  // namespace eventlog::event
