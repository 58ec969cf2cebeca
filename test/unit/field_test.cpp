#include "event/field.h"

#include <gtest/gtest.h>

#include "event/event.h"

namespace eventlog::event {
namespace {

TEST(Field, HasItsSqlName) {
    EXPECT_EQ(name_of(Field::event_name), "event_name");
    EXPECT_EQ(name_of(Field::event_ts), "event_ts");
    EXPECT_EQ(name_of(Field::idempotency_key), "idempotency_key");
}

TEST(Field, HasTheNameThatTheCallerGives) {
    Event event;
    event.keys[static_cast<size_t>(Field::event_ts)] = "eventTimestamp";
    EXPECT_EQ(name_of(event, Field::event_ts), "eventTimestamp");
    EXPECT_EQ(name_of(event, Field::value), "value");
}

}  // namespace
}  // namespace eventlog::event
