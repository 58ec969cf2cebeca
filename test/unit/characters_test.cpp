#include "event/characters.h"

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

TEST(Characters, AreCounted) {
    EXPECT_EQ(characters(""), 0u);
    EXPECT_EQ(characters("abc"), 3u);
    EXPECT_EQ(characters("aé€😀"), 4u);
}

}  // namespace
}  // namespace eventlog::event
