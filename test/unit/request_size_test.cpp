#include "forward/delivery/request_size.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

TEST(RequestSize, HasNoLimitUntilTheEndpointComplains) {
    RequestSize size;
    for (int i = 0; i < 1000; ++i) size.accepted();
    EXPECT_EQ(size.limit(), SIZE_MAX);
}

TEST(RequestSize, IsHalfOfWhatWasTooLarge) {
    RequestSize size;
    size.too_large(501);
    EXPECT_EQ(size.limit(), 250U);
    size.too_large(500);
    EXPECT_EQ(size.limit(), 250U) << "a request frozen before";
    for (const size_t events : {250, 125, 62, 31, 15, 7, 3, 2}) size.too_large(events);
    EXPECT_EQ(size.limit(), 1U);
}

TEST(RequestSize, TriesLargerOnesAfterAWhile) {
    RequestSize size;
    size.too_large(500);
    for (int i = 0; i < 99; ++i) size.accepted();
    EXPECT_EQ(size.limit(), 250U);
    size.accepted();
    EXPECT_EQ(size.limit(), 500U);
    for (int i = 0; i < 99; ++i) size.accepted();
    size.too_large(500);
    size.accepted();
    EXPECT_EQ(size.limit(), 250U) << "a complaint starts the count anew";
    for (int i = 0; i < 100 * 64; ++i) size.accepted();
    EXPECT_EQ(size.limit(), SIZE_MAX);
}

}  // namespace
}  // namespace eventlog::forward
