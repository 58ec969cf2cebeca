#include "ids/ulid.h"

#include <array>

#include "ids/halves.h"

namespace eventlog::ids {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int kCharBits = 5;
constexpr uint64_t kCharMask = 31;
constexpr uint64_t kMaxFirst = 7;  // 26 characters hold two bits more than an id
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> kDigits = [] {
    std::array<uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    const auto set = [&digits](char upper, uint8_t digit) {
        digits[static_cast<uint8_t>(upper)] = digit;
        if (upper >= 'A') digits[static_cast<uint8_t>(upper - 'A' + 'a')] = digit;
    };
    for (size_t i = 0; i < kAlphabet.size(); ++i) set(kAlphabet[i], static_cast<uint8_t>(i));
    set('I', 1);
    set('L', 1);
    set('O', 0);
    return digits;
}();

}  // namespace

void format_ulid(const Uuid& id, char* out26) {
    auto [high, low] = halves_of(id);
    for (size_t i = kUlidLength; i-- > 0;) {
        out26[i] = kAlphabet[low & kCharMask];
        low = low >> kCharBits | high << (64 - kCharBits);
        high >>= kCharBits;
    }
}

std::optional<Uuid> parse_ulid(std::string_view text) {
    if (text.size() != kUlidLength) return std::nullopt;
    if (kDigits[static_cast<uint8_t>(text[0])] > kMaxFirst) return std::nullopt;
    Halves halves{0, 0};
    for (const char c : text) {
        const uint8_t digit = kDigits[static_cast<uint8_t>(c)];
        if (digit == kNoDigit) return std::nullopt;
        halves.high = halves.high << kCharBits | halves.low >> (64 - kCharBits);
        halves.low = halves.low << kCharBits | digit;
    }
    return uuid_of(halves);
}

}  // namespace eventlog::ids
