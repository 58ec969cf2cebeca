#include "ids/uuid7.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ids/halves.h"

namespace eventlog::ids {
namespace {

constexpr int kMillisShift = 16;  // version and rand_a are below the milliseconds
constexpr uint64_t kFractionMask = (uint64_t{1} << kFractionBits) - 1;
constexpr int64_t kMaxMillis = (int64_t{1} << 48) - 1;
constexpr int64_t kMicrosPerMilli = 1000;
constexpr uint64_t kVersion7 = uint64_t{7} << kFractionBits;
constexpr uint64_t kVariant2 = uint64_t{2} << 62;
constexpr uint64_t kRandomMask = (uint64_t{1} << 62) - 1;

// The texts "00" to "ff".
constexpr std::array<char, 512> kHexPairs = [] {
    constexpr char kDigits[] = "0123456789abcdef";
    std::array<char, 512> pairs{};
    for (size_t byte = 0; byte < 256; ++byte) {
        pairs[2 * byte] = kDigits[byte >> 4];
        pairs[2 * byte + 1] = kDigits[byte & 15];
    }
    return pairs;
}();

static_assert(std::atomic<uint64_t>::is_always_lock_free, "clocks are shared between processes");

}  // namespace

uint64_t tick_from_unix_micros(int64_t micros) {
    if (micros < 0) return 0;
    const int64_t millis = micros / kMicrosPerMilli;
    if (millis > kMaxMillis) return static_cast<uint64_t>(kMaxMillis) << kFractionBits | kFractionMask;
    const int64_t fraction = ((micros % kMicrosPerMilli) << kFractionBits) / kMicrosPerMilli;
    return static_cast<uint64_t>(millis) << kFractionBits | static_cast<uint64_t>(fraction);
}

uint64_t tick_of(const Uuid& id) {
    const uint64_t high = halves_of(id).high;
    return (high >> kMillisShift) << kFractionBits | (high & kFractionMask);
}

int64_t unix_millis_of(const Uuid& id) {
    return static_cast<int64_t>(halves_of(id).high >> kMillisShift);
}

Uuid make_uuid7(uint64_t tick, uint64_t random) {
    const uint64_t high = (tick >> kFractionBits) << kMillisShift | kVersion7 | (tick & kFractionMask);
    return uuid_of({high, kVariant2 | (random & kRandomMask)});
}

Uuid first_uuid_of(int64_t unix_millis) {
    const int64_t millis = std::clamp(unix_millis, int64_t{0}, kMaxMillis);
    return uuid_of({static_cast<uint64_t>(millis) << kMillisShift, 0});
}

Uuid predecessor(Uuid id) {
    for (size_t i = id.size(); i-- > 0;)
        if (id[i]-- != 0) break;
    return id;
}

Uuid roundest_above(const Uuid& below, const Uuid& most) {
    size_t place = 0;
    while (below[place] == most[place]) place++;
    // The bits behind the first one that differs are cleared.
    const int bit = std::bit_width(static_cast<unsigned>(below[place] ^ most[place])) - 1;
    Uuid id{};
    std::copy_n(most.begin(), place, id.begin());
    id[place] = static_cast<uint8_t>(most[place] >> bit << bit);
    return id;
}

void format_uuid(const Uuid& id, char* out36) {
    for (size_t i = 0; i < id.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out36++ = '-';
        std::memcpy(out36, &kHexPairs[size_t{2} * id[i]], 2);
        out36 += 2;
    }
}

uint64_t advance(std::atomic<uint64_t>& clock, uint64_t now_tick, uint64_t furthest_ahead) {
    uint64_t last = clock.load(std::memory_order_relaxed);
    uint64_t next;
    do {
        const bool is_wrong = last > now_tick && last - now_tick > furthest_ahead;
        next = is_wrong ? now_tick : std::max(now_tick, last + 1);
    } while (!clock.compare_exchange_weak(last, next, std::memory_order_relaxed));
    return next;
}

void raise_to(std::atomic<uint64_t>& clock, uint64_t tick) {
    uint64_t last = clock.load(std::memory_order_relaxed);
    while (last < tick && !clock.compare_exchange_weak(last, tick, std::memory_order_relaxed)) {
    }
}

bool RandomPool::next(int process_id, Fill fill, uint64_t& word) {
    if (process_id != process_id_) {
        left_ = 0;
        process_id_ = process_id;
    }
    if (left_ == 0) {
        if (!fill(words_.data(), sizeof words_)) return false;
        left_ = kWords;
    }
    word = words_[--left_];
    return true;
}

}  // namespace eventlog::ids
