#include "store/release.h"

#include <gtest/gtest.h>

namespace eventlog::store {
namespace {

TEST(Release, OrdersVersionsByTheirNumbers) {
    EXPECT_LT(*release_number("0.2.0"), *release_number("0.3.0"));
    EXPECT_LT(*release_number("0.9.0"), *release_number("0.10.0"));
    EXPECT_LT(*release_number("0.10.9"), *release_number("1.0.0"));
    EXPECT_EQ(*release_number("0.3.0-dev"), *release_number("0.3.0"));
}

TEST(Release, ReadsNothingElse) {
    for (const char* text : {"", "1", "1.2", "1.2.", "a.b.c", "1.2.3.4", "1.2.3x", "-1.2.3", "1.2.10000"})
        EXPECT_FALSE(release_number(text)) << text;
}

TEST(Release, ServesReleasesBeforeTheLibrary) {
    EXPECT_EQ(service_for("0.3.0", "0.3.0"), Service::full);
    EXPECT_EQ(service_for("0.2.0", "0.3.0"), Service::full);
    EXPECT_EQ(service_for("0.2.7", "0.3.0"), Service::full);
    EXPECT_EQ(service_for("0.2.0", "1.0.0"), Service::full);
}

TEST(Release, LogsForNewerAndForOldestObjectsOnly) {
    EXPECT_EQ(service_for("0.1.0", "0.3.0"), Service::logging);
    EXPECT_EQ(service_for("0.3.1", "0.3.0"), Service::logging);
    EXPECT_EQ(service_for("1.0.0", "0.3.0"), Service::logging);
    EXPECT_EQ(service_for("of somebody", "0.3.0"), Service::logging);
}

TEST(Release, FindsInternalFunctionsInTheirSchema) {
    EXPECT_STREQ(internal_schema_of("0.2.0"), "eventlog");
    EXPECT_STREQ(internal_schema_of("0.2.9"), "eventlog");
    EXPECT_STREQ(internal_schema_of("0.3.0"), "eventlog_internal");
    EXPECT_STREQ(internal_schema_of("1.0.0"), "eventlog_internal");
    EXPECT_STREQ(internal_schema_of("of somebody"), "eventlog_internal");
}

}  // namespace
}  // namespace eventlog::store
