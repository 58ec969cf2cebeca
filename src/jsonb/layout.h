// The words and offsets of a JSONB container, for the files of this folder. Words are copied and never read
// through a cast pointer, because a container inside a packed datum may be unaligned.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::jsonb::layout {

inline constexpr uint32_t kWord = sizeof(uint32_t);
inline constexpr uint32_t kMaxPadding = kWord - 1;

inline uint32_t load_word(const char* at) {
    uint32_t word;
    std::memcpy(&word, at, kWord);
    return word;
}

inline void store_word(char* at, uint32_t word) {
    std::memcpy(at, &word, kWord);
}

constexpr uint32_t aligned(uint32_t offset) {
    return (offset + kMaxPadding) & ~kMaxPadding;
}

// Numbers and containers start at a multiple of four. The padding before them counts as part of them.
constexpr bool is_padded(uint32_t entry) {
    const uint32_t type = entry & kTypeMask;
    return type == kIsNumeric || type == kIsContainer;
}

// Returns the offset at which an entry's data end, given the one at which they begin.
constexpr uint32_t end_of(uint32_t entry, uint32_t begin) {
    return (entry & kHasOffset) != 0 ? entry & kOffLenMask : begin + (entry & kOffLenMask);
}

// The entries of a container and the data that follow them.
struct Parts {
    uint32_t header;
    uint32_t count;
    const char* entries;
    const char* data;

    explicit Parts(const char* container)
        : header(load_word(container)),
          count(header & kCountMask),
          entries(container + kWord),
          data(entries + static_cast<size_t>(count) * (is_object() ? 2 : 1) * kWord) {}

    bool is_object() const { return (header & kObjectFlag) != 0; }
    uint32_t entry(uint32_t index) const { return load_word(entries + static_cast<size_t>(index) * kWord); }

    // Returns the offset at which the data of entry `index` begin. For `count` in an object this is the end
    // of the keys.
    uint32_t begin_of(uint32_t index) const {
        uint32_t offset = 0;
        while (index-- > 0) {
            const uint32_t word = entry(index);
            offset += word & kOffLenMask;
            if ((word & kHasOffset) != 0) break;
        }
        return offset;
    }

    // Returns the size of entry `index` in bytes, including its padding.
    uint32_t length_of(uint32_t index) const {
        const uint32_t word = entry(index);
        const uint32_t field = word & kOffLenMask;
        return (word & kHasOffset) != 0 ? field - begin_of(index) : field;
    }

    // Compares an object's key with `key` in the stored order. Lengths are compared first, so that most steps
    // of a search need not find the key's position.
    int compare_key(uint32_t index, std::string_view key) const {
        const size_t length = length_of(index);
        if (length != key.size()) return length < key.size() ? -1 : 1;
        return std::string_view(data + begin_of(index), length).compare(key);
    }

    // Returns the index of an object's first key that is not below `key`.
    uint32_t lower_bound(std::string_view key) const {
        uint32_t low = 0;
        uint32_t high = count;
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (compare_key(middle, key) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
};

inline Value value_of(uint32_t entry, const char* data, uint32_t begin, uint32_t end) {
    switch (entry & kTypeMask) {
        case kIsString:
            return {Kind::string, false, {data + begin, end - begin}};
        case kIsNumeric:
            return {Kind::number, false, {data + aligned(begin), end - aligned(begin)}};
        case kIsContainer: {
            const char* container = data + aligned(begin);
            const bool object = (load_word(container) & kObjectFlag) != 0;
            return {object ? Kind::object : Kind::array, false, {container, end - aligned(begin)}};
        }
        case kIsTrue:
            return {Kind::boolean, true, {}};
        case kIsFalse:
            return {Kind::boolean, false, {}};
        default:
            return {};
    }
}

}  // namespace eventlog::jsonb::layout
