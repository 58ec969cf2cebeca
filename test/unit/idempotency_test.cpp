#include "event/idempotency.h"

#include <set>

#include <gtest/gtest.h>

#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

Event full_event() {
    Event event;
    event.event_name = "order.paid";
    event.event_type = "type";
    event.source = "shop";
    event.actor_type = "user";
    event.actor_id = "ada";
    event.resource_type = "order";
    event.resource_id = "7";
    event.schema_version = "1.0.0";
    event.trace_id = "trace";
    event.app_version = "3";
    event.sofa = "cookie";
    event.idempotency_key = "key";
    event.origin = Origin::frontend;
    event.event_ts = 1;
    event.value = 1.5;
    event.forward_to_statsig = true;
    return event;
}

TEST(EventIdempotency, AKeyIsOneOfItsTenantAndSource) {
    const ids::Uuid tenant{1};
    std::set<Digest> digests = {
        key_digest({}, "shop", "key"),          key_digest({}, "shop", "other"),
        key_digest({}, "sho", "pkey"),          key_digest({}, "shopkey", ""),
        key_digest(tenant, "shop", "key"),      key_digest(ids::Uuid{2}, "shop", "key"),
        key_digest(ids::Uuid{}, "shop", "key"),
    };
    EXPECT_EQ(digests.size(), 7u);
    EXPECT_EQ(key_digest(tenant, "shop", "key"),
              key_digest(ids::Uuid{1}, std::string("shop"), std::string("key")));
}

// The halves of hashes that other tools compute: the stored form must not change between versions.
TEST(EventIdempotency, StoredFormOfAKey) {
    // sha256 of three 8-byte lengths (-1, 4, 3) with "shop" and "key" behind theirs
    const Digest expected = {0x9f, 0xae, 0x1b, 0x7d, 0x21, 0xb4, 0xde, 0xed,
                             0x9c, 0x67, 0x4a, 0x38, 0x0c, 0x1f, 0x82, 0x70};
    EXPECT_EQ(key_digest({}, "shop", "key"), expected);
}

TEST(EventIdempotency, StoredFormOfAScopedKey) {
    // sha256 of two 8-byte lengths (1, 8), a zero byte behind the first and "shop_app" behind the second
    const Digest holder = {0x92, 0x05, 0x91, 0xb7, 0xb0, 0xa7, 0x93, 0x84,
                           0x5a, 0x5a, 0x68, 0x3b, 0x50, 0xb1, 0x29, 0x9a};
    EXPECT_EQ(holder_digest(Holder::login_role, "shop_app"), holder);
    EXPECT_NE(holder_digest(Holder::login_role, "shop"), holder);
    const IdempotencyKey key{key_digest({}, "shop", "key"), holder, {}, 1};
    const ScopedKey scoped = scoped_key(key);
    EXPECT_TRUE(std::equal(key.key.begin(), key.key.end(), scoped.begin()));
    EXPECT_TRUE(std::equal(holder.begin(), holder.end(), scoped.begin() + key.key.size()));
}

TEST(EventIdempotency, EachFieldCounts) {
    const Digest base = payload_digest(full_event());
    EXPECT_EQ(payload_digest(full_event()), base);
    for (std::string_view Event::*field :
         {&Event::event_name, &Event::event_type, &Event::actor_type, &Event::actor_id, &Event::resource_type,
          &Event::resource_id, &Event::schema_version, &Event::app_version, &Event::sofa}) {
        Event event = full_event();
        event.*field = "different";
        EXPECT_NE(payload_digest(event), base);
        event.*field = {};
        EXPECT_NE(payload_digest(event), base);
    }
    Event event = full_event();
    event.origin.reset();
    EXPECT_NE(payload_digest(event), base);
    event = full_event();
    event.value = 1.25;
    EXPECT_NE(payload_digest(event), base);
    event = full_event();
    event.forward_to_statsig = false;
    EXPECT_NE(payload_digest(event), base);
    event.forward_to_statsig.reset();
    EXPECT_NE(payload_digest(event), base);
    const test::Jsonb metadata(R"({"n": 1})");
    event = full_event();
    event.metadata = metadata.container();
    EXPECT_NE(payload_digest(event), base);
}

TEST(EventIdempotency, WhatARetryMayChange) {
    const Digest base = payload_digest(full_event());
    Event event = full_event();
    event.event_ts = 2;
    event.trace_id = {};
    event.source = "of the key";
    event.idempotency_key = "another";
    EXPECT_EQ(payload_digest(event), base);
}

TEST(EventIdempotency, MetadataIsComparedByValue) {
    const auto digest = [](const char* json) {
        const test::Jsonb metadata(json);
        Event event;
        event.event_name = "e";
        event.metadata = metadata.container();
        return payload_digest(event);
    };
    EXPECT_EQ(digest(R"({"a": 1.500, "b": {"x": 0.0, "y": 100}})"),
              digest(R"({"b": {"y": 1e2, "x": 0}, "a": 1.5})"));
    EXPECT_NE(digest(R"({"a": 1.5})"), digest(R"({"a": "1.5"})"));
    EXPECT_NE(digest(R"({"a": 15})"), digest(R"({"a": 150})"));
    EXPECT_NE(digest(R"({"a": 0.00001})"), digest(R"({"a": 0.0001})"));
    EXPECT_NE(digest(R"({"a": [1, 2]})"), digest(R"({"a": [2, 1]})"));
    EXPECT_NE(digest(R"({"a": null})"), digest(R"({})"));
    Event without;
    without.event_name = "e";
    EXPECT_EQ(payload_digest(without), digest(R"({})"));
}

TEST(EventIdempotency, MinusZeroIsZero) {
    Event event = full_event();
    event.value = 0.0;
    const Digest zero = payload_digest(event);
    event.value = -0.0;
    EXPECT_EQ(payload_digest(event), zero);
    event.value.reset();
    EXPECT_NE(payload_digest(event), zero);
}

TEST(EventIdempotency, AReusedKeyNamesTheFirstEvent) {
    Event event;
    event.idempotency_key = "k";
    event.keys[static_cast<size_t>(Field::idempotency_key)] = "id";
    const rules::Violation broken = key_reused(event, ids::Uuid{0x01});
    EXPECT_EQ(rules::sqlstate_of(broken.rule), "23505");
    EXPECT_EQ(rules::id_of(broken.rule), "idempotency_key_reused");
    EXPECT_EQ(broken.field, "id");
    EXPECT_EQ(broken.message, "id \"k\" belongs to another event");
    EXPECT_NE(broken.detail.find("01000000-0000-0000-0000-000000000000"), std::string::npos);
}

}  // namespace
}  // namespace eventlog::event
