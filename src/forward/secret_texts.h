// Texts that must not stay in memory after their use.
#pragma once

#include <string.h>

#include <deque>
#include <string>

namespace eventlog::forward {

// Overwrites all memory that the text has allocated, and empties it.
inline void wipe(std::string& text) noexcept {
    // This does not allocate, because the capacity is not exceeded.
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
}

// Owns texts, and wipes them when it is destroyed. It uses a deque, which leaves no copies behind when it
// grows.
class SecretTexts {
  public:
    SecretTexts() = default;
    ~SecretTexts() { clear(); }
    SecretTexts(SecretTexts&&) = default;
    SecretTexts& operator=(SecretTexts&& other) noexcept {
        clear();
        texts_.swap(other.texts_);
        return *this;
    }

    void add(std::string&& text) {
        texts_.emplace_back(text);
        wipe(text);
    }
    void clear() noexcept {
        for (std::string& text : texts_) wipe(text);
        texts_.clear();
    }
    auto begin() const { return texts_.begin(); }
    auto end() const { return texts_.end(); }

  private:
    std::deque<std::string> texts_;
};

}  // namespace eventlog::forward
