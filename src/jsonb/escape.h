// The escapes of JSON strings. Most text needs none, which is recognised sixteen bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace eventlog::jsonb {
namespace escape {

using Block = uint8_t __attribute__((vector_size(16)));
using Halves = uint64_t __attribute__((vector_size(16)));

template <typename T>
T load(const char* at) {
    T loaded;
    std::memcpy(&loaded, at, sizeof loaded);
    return loaded;
}

inline Block marks(Block block) {
    return Block((block < ' ') | (block == '"') | (block == '\\'));
}

// Returns all bytes of a text shorter than a block, some of them twice. The block is put together in
// registers, because reading a block right after writing it byte by byte would stall the processor.
inline Block load_short(const char* text, size_t size) {
    constexpr uint64_t kFiller = 0x6161616161000000;  // bytes that need no escape
    const auto byte = [text](size_t index) { return uint64_t{static_cast<uint8_t>(text[index])}; };
    if (size >= 8) return Block(Halves{load<uint64_t>(text), load<uint64_t>(text + size - 8)});
    const uint64_t half = size >= 4 ? uint64_t{load<uint32_t>(text)} << 32 | load<uint32_t>(text + size - 4)
                                    : kFiller | byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1);
    return Block(Halves{half, half});
}

struct Scan {
    bool needs_escapes;
    bool beyond_ascii;
};

inline Scan scan(std::string_view text) {
    if (text.empty()) return {};
    const char* at = text.data();
    Block found{};
    Block bytes{};
    const auto add = [&found, &bytes](Block block) {
        found |= marks(block);
        bytes |= block;
    };
    if (text.size() < sizeof(Block)) {
        add(load_short(at, text.size()));
    } else {
        const char* const last = at + text.size() - sizeof(Block);
        for (; at < last; at += sizeof(Block)) add(load<Block>(at));
        add(load<Block>(last));
    }
    constexpr uint64_t kHighBits = 0x8080808080808080;
    const Halves marked = Halves(found);
    const Halves joined = Halves(bytes);
    return {(marked[0] | marked[1]) != 0, ((joined[0] | joined[1]) & kHighBits) != 0};
}

inline bool needs_escapes(std::string_view text) {
    return scan(text).needs_escapes;
}

}  // namespace escape

// Returns the number of bytes that the escapes add to `text`.
size_t escape_growth(std::string_view text);

// Returns the size of `text` in bytes with its escapes, without quotes. The size of joined texts is the sum
// of their sizes.
inline size_t escaped_size(std::string_view text) {
    return text.size() + (escape::needs_escapes(text) ? escape_growth(text) : 0);
}

}  // namespace eventlog::jsonb
