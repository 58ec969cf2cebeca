#include "event/naming.h"

#include <gtest/gtest.h>

namespace eventlog::event {
namespace {

struct NamingCase {
    std::string_view name;
    bool dotted;
    bool strict;
};

constexpr NamingCase kCases[] = {
    {"order.created", true, false},
    {"shop.order.created", true, true},
    {"shop.order.created.v2", true, true},
    {"shop.order.created.v10", true, true},
    {"shop.order.created.v", true, false},
    {"shop.order.created.v0", true, false},
    {"shop.order.created.v02", true, false},
    {"shop.order.created.v2a", true, false},
    {"shop.order.created.w2", true, false},
    {"shop.order.created.V2", false, false},
    {"shop.order.created.v2.v3", true, false},
    {"shop.order.item.created", true, false},
    {"shop.order_item.created", true, false},
    {"shop.order2.created3", true, true},
    {"a.b.c", true, true},
    {"a.b", true, false},
    {"a_.b_", true, false},
    {"order", false, false},
    {"", false, false},
    {".", false, false},
    {"..", false, false},
    {".order.created", false, false},
    {"order.created.", false, false},
    {"shop..created", false, false},
    {"shop.order.created.", false, false},
    {"Shop.order.created", false, false},
    {"shop.Order.created", false, false},
    {"2shop.order.created", false, false},
    {"shop._order.created", false, false},
    {"shop.2order.created", false, false},
    {"shop.order-item.created", false, false},
    {"shop.order.created ", false, false},
    {"shop.ordér.created", false, false},
    {"shop order created", false, false},
};

TEST(EventNaming, PoliciesTakeAndRefuse) {
    for (const NamingCase& c : kCases) {
        EXPECT_TRUE(follows(NamingPolicy::any, c.name)) << c.name;
        EXPECT_EQ(follows(NamingPolicy::dotted, c.name), c.dotted) << c.name;
        EXPECT_EQ(follows(NamingPolicy::strict, c.name), c.strict) << c.name;
    }
}

}  // namespace
}  // namespace eventlog::event
