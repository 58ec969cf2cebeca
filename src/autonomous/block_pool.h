// Memory that is divided into blocks of one size. A chain of blocks holds a string of bytes. The memory
// cannot fragment, so free blocks can be used for anything that fits into them.
//
//     BlockPool::Chain chain = pool.allocate(bytes);      // kNone when there is no room
//     pool.copy_in(chain, 0, text);
//     pool.free(chain);
//
// The pool is plain data for shared memory that every process maps at the same address. Callers of `allocate`
// and `free` must hold a lock; the bytes of a chain belong to its owner. Memory is not touched before its
// first use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace eventlog::autonomous {

class BlockPool {
  public:
    using Chain = uint32_t;  // the number of the chain's first block
    static constexpr Chain kNone = UINT32_MAX;
    static constexpr size_t kBlockBytes = 2048;
    static constexpr size_t kBlockHeader = 8;
    static constexpr size_t kPayload = kBlockBytes - kBlockHeader;

    // `memory` must be aligned to eight bytes. A rest that is smaller than a block is not used.
    explicit BlockPool(std::span<char> memory);

    // Allocates a chain for `bytes` bytes, of at least one block. Returns kNone if there is no room.
    Chain allocate(size_t bytes);
    void free(Chain chain);

    // Copy bytes to and from a chain, starting at `position`. The whole range must be inside the chain.
    void copy_in(Chain chain, size_t position, std::string_view bytes);
    void copy_out(Chain chain, size_t position, std::span<char> bytes) const;

    // Returns the first kPayload bytes of a chain, which are contiguous and aligned to eight bytes.
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
    uint32_t fresh_ = 0;         // blocks from this number on have never been used
    uint32_t released_ = kNone;  // the first block that was used and freed
};

}  // namespace eventlog::autonomous
