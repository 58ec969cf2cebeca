#include "autonomous/block_pool.h"

#include <algorithm>
#include <cstring>

namespace eventlog::autonomous {

BlockPool::BlockPool(std::span<char> memory)
    : memory_(memory.data()),
      blocks_(static_cast<uint32_t>(memory.size() / kBlockBytes)),
      free_blocks_(blocks_) {}

BlockPool::Header* BlockPool::header(uint32_t block) const {
    return reinterpret_cast<Header*>(memory_ + block * kBlockBytes);
}

void* BlockPool::front(Chain chain) const {
    return memory_ + chain * kBlockBytes + kBlockHeader;
}

uint32_t BlockPool::take_block() {
    if (released_ == kNone) return fresh_++;
    uint32_t block = released_;
    released_ = header(block)->next;
    return block;
}

BlockPool::Chain BlockPool::allocate(size_t bytes) {
    const size_t wanted = blocks_for(bytes);
    if (wanted > free_blocks_) return kNone;
    Chain chain = kNone;
    for (size_t i = 0; i < wanted; i++) {
        uint32_t block = take_block();
        header(block)->next = chain;
        chain = block;
    }
    free_blocks_ -= static_cast<uint32_t>(wanted);
    return chain;
}

void BlockPool::free(Chain chain) {
    uint32_t last = chain;
    uint32_t count = 1;
    for (; header(last)->next != kNone; last = header(last)->next) count++;
    header(last)->next = released_;
    released_ = chain;
    free_blocks_ += count;
}

template <typename Copy>
void BlockPool::each_piece(Chain chain, size_t position, size_t bytes, Copy copy) const {
    uint32_t block = chain;
    for (; position >= kPayload; position -= kPayload) block = header(block)->next;
    for (size_t done = 0; done < bytes; block = header(block)->next, position = 0) {
        const size_t piece = std::min(bytes - done, kPayload - position);
        copy(static_cast<char*>(front(block)) + position, done, piece);
        done += piece;
    }
}

void BlockPool::copy_in(Chain chain, size_t position, std::string_view bytes) {
    each_piece(chain, position, bytes.size(), [bytes](char* stored, size_t from, size_t size) {
        memcpy(stored, bytes.data() + from, size);
    });
}

void BlockPool::copy_out(Chain chain, size_t position, std::span<char> bytes) const {
    each_piece(chain, position, bytes.size(), [bytes](const char* stored, size_t from, size_t size) {
        memcpy(bytes.data() + from, stored, size);
    });
}

}  // namespace eventlog::autonomous
