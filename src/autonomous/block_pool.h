// Memory cut into blocks of one size; a chain of blocks holds a string of bytes. Nothing fragments: what is
// free can be used for anything that fits into it.
//
//     BlockPool::Chain chain = pool.allocate(bytes);      // kNone when there is no room
//     pool.copy_in(chain, 0, text);
//     pool.free(chain);
//
// Plain data for shared memory that every process maps to the same address. `allocate` and `free` need a
// lock; the bytes of a chain are its owner's. Fresh memory is not touched before it is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace eventlog::autonomous {

class BlockPool {
  public:
    using Chain = uint32_t;  // the number of its first block
    static constexpr Chain kNone = UINT32_MAX;
    static constexpr size_t kBlockBytes = 2048;
    static constexpr size_t kBlockHeader = 8;
    static constexpr size_t kPayload = kBlockBytes - kBlockHeader;

    // `memory` is aligned to eight bytes; what is left of it behind the last whole block is not used.
    explicit BlockPool(std::span<char> memory);

    // A chain for so many bytes, at least one block; kNone when there is no room.
    Chain allocate(size_t bytes);
    void free(Chain chain);

    // Copies to and from a chain, beginning at a position in it. The bytes must be inside.
    void copy_in(Chain chain, size_t position, std::string_view bytes);
    void copy_out(Chain chain, size_t position, std::span<char> bytes) const;

    // The first kPayload bytes of a chain, contiguous and aligned to eight.
    void* front(Chain chain) const;

    size_t total_bytes() const { return blocks_ * kBlockBytes; }
    size_t free_bytes() const { return free_blocks_ * kBlockBytes; }

    static size_t blocks_for(size_t bytes) { return bytes == 0 ? 1 : (bytes + kPayload - 1) / kPayload; }

  private:
    struct Header {
        uint32_t next;
    };

    Header* header(uint32_t block) const;
    uint32_t take_block();
    template <typename Copy>
    void each_piece(Chain chain, size_t position, size_t bytes, Copy copy) const;

    char* memory_;
    uint32_t blocks_;
    uint32_t free_blocks_;
    uint32_t fresh_ = 0;         // this one and those behind it have never been used
    uint32_t released_ = kNone;  // the first of those that were used and freed
};

}  // namespace eventlog::autonomous
