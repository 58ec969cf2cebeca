// The templates of messages: text with placeholders such as {limit}. A brace that opens no placeholder is
// itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace eventlog::rules {

// Takes a template apart from its front.
class Pieces {
  public:
    explicit constexpr Pieces(std::string_view text) : rest_(text) {}

    // Moves to the next piece: text, then the placeholder behind it; false at the end.
    constexpr bool next() {
        if (rest_.empty()) return false;
        for (size_t start = rest_.find('{'); start != std::string_view::npos;
             start = rest_.find('{', start + 1)) {
            const size_t end = rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", start + 1);
            if (end == std::string_view::npos || end == start + 1 || rest_[end] != '}') continue;
            text_ = rest_.substr(0, start);
            name_ = rest_.substr(start + 1, end - start - 1);
            rest_.remove_prefix(end + 1);
            return true;
        }
        text_ = rest_;
        name_ = {};
        rest_ = {};
        return true;
    }

    constexpr std::string_view text() const { return text_; }
    // The name of the placeholder; empty: there is none.
    constexpr std::string_view name() const { return name_; }

  private:
    std::string_view rest_;
    std::string_view text_;
    std::string_view name_;
};

}  // namespace eventlog::rules
