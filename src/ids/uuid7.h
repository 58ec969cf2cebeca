// UUIDv7 (RFC 9562, section 5.7, with method 3 of section 6.2: the 12 bits of rand_a hold the fraction of the
// millisecond).
//
// The order of ids is kept in a *tick*: the upper 48 bits are the milliseconds since the Unix epoch, and the
// lower 12 bits count 1/4096 ms. No tick is given out twice, unless a clock that was wrong is set back, so
// ids made from advancing ticks are strictly increasing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventlog::ids {

using Uuid = std::array<uint8_t, 16>;

inline constexpr int kFractionBits = 12;

uint64_t tick_from_unix_micros(int64_t micros);
// Returns the 60 bits of the id that carry time: 48 bits of milliseconds, and rand_a.
uint64_t tick_of(const Uuid& id);
// Returns the milliseconds since the Unix epoch, which are the first 48 bits of the id, whatever its version.
int64_t unix_millis_of(const Uuid& id);
// Makes an id of version 7, variant 2. Only the lower 62 bits of `random` are used.
Uuid make_uuid7(uint64_t tick, uint64_t random);
// Returns the smallest UUID whose first 48 bits are `unix_millis`, which serves as a partition bound.
Uuid first_uuid_of(int64_t unix_millis);
// Returns the greatest UUID below `id`. The predecessor of the least UUID is the greatest one.
Uuid predecessor(Uuid id);
// Returns the id above `below` and up to `most` whose last bits are zero for as long as possible. `below` is
// below `most`.
Uuid roundest_above(const Uuid& below, const Uuid& most);
// Writes the 36 characters of the canonical lower-case text, without a terminating NUL.
void format_uuid(const Uuid& id, char* out36);

// Returns the ticks of so many milliseconds.
constexpr uint64_t ticks_of_millis(int64_t millis) {
    return static_cast<uint64_t>(millis) << kFractionBits;
}

// Returns max(now_tick, clock + 1) and stores it in `clock`. A clock that is more than `furthest_ahead` ticks
// ahead of `now_tick` was wrong, and is set back to it. The function is lock-free and safe in memory that
// processes share.
uint64_t advance(std::atomic<uint64_t>& clock, uint64_t now_tick, uint64_t furthest_ahead);
// Raises `clock` to at least `tick`.
void raise_to(std::atomic<uint64_t>& clock, uint64_t tick);

// Random words drawn from one large request to the system, because a request for each id costs more than the
// id. The pool belongs to one process: after a fork the first draw discards the parent's words.
class RandomPool {
  public:
    // Fills `bytes` with `size` strong random bytes. Returns false if it cannot.
    using Fill = bool (*)(void* bytes, size_t size);

    // Stores the next word in `word`. Returns false if the pool is empty and `fill` fails. `process_id` is
    // that of the caller.
    bool next(int process_id, Fill fill, uint64_t& word);

  private:
    static constexpr size_t kWords = 512;
    std::array<uint64_t, kWords> words_{};
    size_t left_ = 0;
    int process_id_ = 0;
};

}  // namespace eventlog::ids
