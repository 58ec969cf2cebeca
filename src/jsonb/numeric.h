// Reads PostgreSQL's binary Numeric (src/backend/utils/adt/numeric.c). JSONB has no NaN and no infinities.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace eventlog::jsonb {

inline constexpr size_t kVarlenaHeader = 4;
inline constexpr size_t kDigitBytes = sizeof(uint16_t);
inline constexpr int kDecimals = 4;  // decimal digits in a digit of base 10000

// The first half word tells which of the two headers follows.
inline constexpr uint16_t kShortHeader = 0x8000;
inline constexpr uint16_t kShortNegative = 0x2000;
inline constexpr uint16_t kShortScaleMask = 0x1F80;
inline constexpr int kShortScaleShift = 7;
inline constexpr uint16_t kShortWeightSign = 0x0040;
inline constexpr uint16_t kShortWeightMask = 0x003F;
inline constexpr uint16_t kLongNegative = 0x4000;
inline constexpr uint16_t kLongScaleMask = 0x3FFF;

inline uint16_t load_half(const char* at) {
    uint16_t half;
    std::memcpy(&half, at, sizeof half);
    return half;
}

// The value is digits[0] * 10000^weight + digits[1] * 10000^(weight - 1) + ..., shown with `scale` decimal
// places.
struct Numeric {
    bool negative;
    int scale;
    int weight;
    int digit_count;
    const char* digits;

    explicit Numeric(std::string_view datum) {
        const char* at = datum.data() + kVarlenaHeader;
        const uint16_t header = load_half(at);
        at += sizeof header;
        if ((header & kShortHeader) != 0) {
            negative = (header & kShortNegative) != 0;
            scale = (header & kShortScaleMask) >> kShortScaleShift;
            weight =
                (header & kShortWeightMask) - ((header & kShortWeightSign) != 0 ? kShortWeightMask + 1 : 0);
        } else {
            negative = (header & kLongNegative) != 0;
            scale = header & kLongScaleMask;
            weight = static_cast<int16_t>(load_half(at));
            at += sizeof header;
        }
        digits = at;
        digit_count = static_cast<int>((datum.data() + datum.size() - at) / kDigitBytes);
    }

    // Returns the digit at `index`. Digits before the first and after the last one are zero.
    unsigned digit(int index) const {
        return index >= 0 && index < digit_count ? load_half(digits + index * kDigitBytes) : 0;
    }

    size_t integer_size() const {
        if (weight < 0) return 1;
        const unsigned first = digit(0);
        return static_cast<size_t>(weight) * kDecimals + 1 + (first > 9) + (first > 99) + (first > 999);
    }

    size_t size() const {
        return negative + integer_size() + (scale > 0 ? static_cast<size_t>(scale) + 1 : 0);
    }
};

}  // namespace eventlog::jsonb
