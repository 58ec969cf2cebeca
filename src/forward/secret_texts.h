// Texts that must not stay in memory once they have been used.
#pragma once

#include <string.h>

#include <deque>
#include <string>

namespace eventlog::forward {

// Overwrites all the memory that the text holds, and empties it.
inline void wipe(std::string& text) noexcept {
    // Does not allocate: the capacity is there.
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
}

// Owns texts and wipes them at its end. A deque, since it does not leave copies behind as it grows.
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
