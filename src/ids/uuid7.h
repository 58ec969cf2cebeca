// UUIDv7 (RFC 9562, 5.7; method 3 of 6.2: the 12 bits of rand_a carry the fraction of the millisecond).
//
// Order is kept in a *tick*: milliseconds since the Unix epoch in the upper 48 bits, 1/4096 ms in the
// lower 12. A tick is never given out twice, so ids made from advancing ticks are strictly increasing.
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
// The first 60 bits of the id that carry time: 48 bits of milliseconds and rand_a.
uint64_t tick_of(const Uuid& id);
// Milliseconds since the Unix epoch: the first 48 bits of the id, whatever its version.
int64_t unix_millis_of(const Uuid& id);
// Makes an id of version 7, variant 2; of `random` the lower 62 bits are used.
Uuid make_uuid7(uint64_t tick, uint64_t random);
// The smallest uuid whose first 48 bits are `unix_millis`: a partition bound.
Uuid first_uuid_of(int64_t unix_millis);
// The greatest uuid below `id`; that of the least one is the greatest.
Uuid predecessor(Uuid id);
// Writes the 36 characters of the canonical lower-case text, without a terminating NUL.
void format_uuid(const Uuid& id, char* out36);

// Returns max(now_tick, clock + 1) and leaves it in `clock`. Lock-free; safe in memory shared by processes.
uint64_t advance(std::atomic<uint64_t>& clock, uint64_t now_tick);
// Raises `clock` to at least `tick`.
void raise_to(std::atomic<uint64_t>& clock, uint64_t tick);

// Random words drawn from one large request to the system, since a request for each id costs more than the
// id. The pool belongs to one process: after a fork the first draw discards what the parent had left.
class RandomPool {
  public:
    // Fills `bytes` with `size` strong random bytes; false when it cannot.
    using Fill = bool (*)(void* bytes, size_t size);

    // Stores the next word in `word`; false when the pool is empty and `fill` fails. `process_id` is the
    // caller's.
    bool next(int process_id, Fill fill, uint64_t& word);

  private:
    static constexpr size_t kWords = 512;
    std::array<uint64_t, kWords> words_{};
    size_t left_ = 0;
    int process_id_ = 0;
};

}  // namespace eventlog::ids
