// The 128 bits of a Uuid as two numbers.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "ids/uuid7.h"

namespace eventlog::ids {

struct Halves {
    uint64_t high;
    uint64_t low;
};

inline uint64_t big_endian(uint64_t word) {
    return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

inline Halves halves_of(const Uuid& id) {
    const auto words = std::bit_cast<std::array<uint64_t, 2>>(id);
    return {big_endian(words[0]), big_endian(words[1])};
}

inline Uuid uuid_of(const Halves& halves) {
    return std::bit_cast<Uuid>(std::array<uint64_t, 2>{big_endian(halves.high), big_endian(halves.low)});
}

}  // namespace eventlog::ids
