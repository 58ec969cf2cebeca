// A list of patterns over event names: `order.*, !order.viewed`.
//
// A pattern is matched against the whole name, byte for byte; `*` stands for any run of characters, dots
// included, the empty run too. A `!` in front excludes. A name is matched when no excluding pattern matches
// it and some other does, or there are none but excluding ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::event {

class NamePatterns {
  public:
    static constexpr size_t kMostPatterns = 100;

    enum class Fault : uint8_t { none, length, count };

    // Reads patterns separated by commas, with white space around them: 1 to kMostPatterns, each of 1 to 256
    // characters. Leaves `patterns` as they were when there is a fault.
    static Fault parse(std::string_view list, NamePatterns& patterns);

    // Adds one pattern, white space around it left out; a comma in it is an ordinary character.
    Fault add(std::string_view pattern);

    // The pattern without white space around it and the mark that excludes.
    static std::string_view bare(std::string_view pattern);

    bool match(std::string_view name) const;

    // Whether one of the patterns is this word, in letters of either case. `word` is in small ones.
    bool mentions(std::string_view word) const;

    bool operator==(const NamePatterns&) const = default;

  private:
    std::vector<std::string> included_;
    std::vector<std::string> excluded_;
};

}  // namespace eventlog::event
