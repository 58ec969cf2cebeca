// A list of patterns over event names: `order.*, !order.viewed`.
//
// A pattern is matched against the whole name, byte for byte; `*` stands for any sequence of characters,
// which may be empty or contain dots. A pattern that starts with `!` excludes names. A name matches if no
// excluding pattern matches it and either another pattern does or the list has only excluding patterns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::event {

class NamePatterns {
  public:
    static constexpr size_t kMostPatterns = 100;

    enum class Fault : uint8_t { none, length, count };

    // Reads a list of 1 to kMostPatterns patterns of 1 to 256 characters each, separated by commas and
    // optional white space. Leaves `patterns` unchanged if the list has a fault.
    static Fault parse(std::string_view list, NamePatterns& patterns);

    // Adds one pattern without the white space around it; a comma in it is an ordinary character.
    Fault add(std::string_view pattern);

    // Returns the pattern without the white space around it and without the mark that excludes.
    static std::string_view bare(std::string_view pattern);

    bool match(std::string_view name) const;

    // Returns a pattern that no event name can match, because it begins as JSON does, or nothing.
    std::optional<std::string_view> unmatchable() const;

    // Returns a pattern that is a misspelling of this word, or nothing. `word` must be in lower case.
    std::optional<std::string_view> misspelling_of(std::string_view word) const;

    // Returns whether one of the patterns is this word, ignoring case. `word` must be in lower case.
    bool mentions(std::string_view word) const;

    bool operator==(const NamePatterns&) const = default;

  private:
    std::vector<std::string> included_;
    std::vector<std::string> excluded_;
};

}  // namespace eventlog::event
