#include "autonomous/block_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace eventlog::autonomous {
namespace {

class BlockPoolTest : public ::testing::Test {
  protected:
    static constexpr size_t kBlocks = 64;

    // Eight-byte units, for the alignment.
    std::vector<uint64_t> memory_ = std::vector<uint64_t>(kBlocks * BlockPool::kBlockBytes / 8 + 1);
    BlockPool pool_{{reinterpret_cast<char*>(memory_.data()), memory_.size() * 8}};

    std::string stored(BlockPool::Chain chain, size_t position, size_t bytes) {
        std::string text(bytes, '?');
        pool_.copy_out(chain, position, text);
        return text;
    }
};

std::string pattern(size_t bytes, size_t seed) {
    std::string text(bytes, ' ');
    for (size_t i = 0; i < bytes; i++) text[i] = static_cast<char>('a' + (i * 7 + i / 26 + seed) % 26);
    return text;
}

TEST_F(BlockPoolTest, CountsWholeBlocksOnly) {
    EXPECT_EQ(pool_.total_bytes(), kBlocks * BlockPool::kBlockBytes);
    EXPECT_EQ(pool_.free_bytes(), pool_.total_bytes());
}

TEST_F(BlockPoolTest, TakesAsManyBlocksAsTheBytesNeed) {
    for (auto [bytes, blocks] : std::vector<std::pair<size_t, size_t>>{{0, 1},
                                                                       {1, 1},
                                                                       {BlockPool::kPayload, 1},
                                                                       {BlockPool::kPayload + 1, 2},
                                                                       {5 * BlockPool::kPayload, 5}}) {
        BlockPool::Chain chain = pool_.allocate(bytes);
        ASSERT_NE(chain, BlockPool::kNone);
        EXPECT_EQ(pool_.total_bytes() - pool_.free_bytes(), blocks * BlockPool::kBlockBytes) << bytes;
        pool_.free(chain);
        EXPECT_EQ(pool_.free_bytes(), pool_.total_bytes());
    }
}

TEST_F(BlockPoolTest, KeepsBytesAtAnyPosition) {
    const size_t bytes = 3 * BlockPool::kPayload;
    for (size_t position :
         {size_t{0}, size_t{5}, BlockPool::kPayload - 1, BlockPool::kPayload, 2 * BlockPool::kPayload + 3}) {
        BlockPool::Chain chain = pool_.allocate(bytes);
        pool_.copy_in(chain, 0, std::string(bytes, '.'));
        const std::string text = pattern(bytes - position, position);
        pool_.copy_in(chain, position, text);
        EXPECT_EQ(stored(chain, 0, bytes), std::string(position, '.') + text);
        EXPECT_EQ(stored(chain, position, text.size()), text);
        pool_.free(chain);
    }
}

TEST_F(BlockPoolTest, RefusesWhatDoesNotFitAndTakesNothingForIt) {
    BlockPool::Chain most = pool_.allocate((kBlocks - 1) * BlockPool::kPayload);
    ASSERT_NE(most, BlockPool::kNone);
    EXPECT_EQ(pool_.allocate(BlockPool::kPayload + 1), BlockPool::kNone);
    BlockPool::Chain last = pool_.allocate(BlockPool::kPayload);
    EXPECT_NE(last, BlockPool::kNone);
    EXPECT_EQ(pool_.free_bytes(), 0U);
    EXPECT_EQ(pool_.allocate(1), BlockPool::kNone);
}

TEST_F(BlockPoolTest, AllThatIsFreeCanBeOneChainHoweverItWasFreed) {
    std::vector<BlockPool::Chain> chains;
    for (size_t i = 0; i < kBlocks; i++) chains.push_back(pool_.allocate(1));
    for (size_t i = 0; i < kBlocks; i += 2) pool_.free(chains[i]);
    const std::string text = pattern(kBlocks / 2 * BlockPool::kPayload, 1);
    BlockPool::Chain chain = pool_.allocate(text.size());
    ASSERT_NE(chain, BlockPool::kNone);
    pool_.copy_in(chain, 0, text);
    EXPECT_EQ(stored(chain, 0, text.size()), text);
}

TEST_F(BlockPoolTest, ChainsDoNotDisturbEachOther) {
    struct Live {
        BlockPool::Chain chain;
        std::string text;
    };
    std::mt19937 random(7);
    std::vector<Live> live;
    for (int step = 0; step < 5000; step++) {
        if (live.empty() || random() % 2 == 0) {
            std::string text = pattern(random() % (8 * BlockPool::kPayload), random());
            BlockPool::Chain chain = pool_.allocate(text.size());
            if (chain == BlockPool::kNone) continue;
            pool_.copy_in(chain, 0, text);
            live.push_back({chain, std::move(text)});
        } else {
            size_t chosen = random() % live.size();
            ASSERT_EQ(stored(live[chosen].chain, 0, live[chosen].text.size()), live[chosen].text);
            pool_.free(live[chosen].chain);
            live.erase(live.begin() + static_cast<std::ptrdiff_t>(chosen));
        }
    }
    for (const Live& one : live) pool_.free(one.chain);
    EXPECT_EQ(pool_.free_bytes(), pool_.total_bytes());
}

}  // namespace
}  // namespace eventlog::autonomous
