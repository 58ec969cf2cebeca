#include "autonomous/message.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace eventlog::autonomous {
namespace {

// Eight-byte units, for the alignment.
class Encoded {
  public:
    explicit Encoded(const Message& message)
        : size_(encoded_size(message)), bytes_(size_ / 8 + 2, 0x5A5A5A5A5A5A5A5A) {
        encode(message, data());
        EXPECT_EQ(data()[size_], 0x5A) << "writes no more than its size";
    }
    Message message() { return decode({data(), size_}); }

  private:
    char* data() { return reinterpret_cast<char*>(bytes_.data()); }
    size_t size_;
    std::vector<uint64_t> bytes_;
};

TEST(Message, CarriesEveryField) {
    Message sent;
    event::StoredRow& row = sent.row;
    row.event_id.fill(1);
    row.event_name = "name";
    row.event_type = "type";
    row.source = "source";
    row.origin = event::Origin::frontend;
    row.actor_type = "actor type";
    row.actor_id = "actor";
    row.resource_type = "resource type";
    row.resource_id = "resource";
    row.tenant_id.emplace().fill(2);
    row.event_ts = -3;
    row.ingested_at = INT64_C(4000000000000000);
    row.value = 5.5;
    row.schema_version = "6.0.0";
    row.trace_id = "7";
    row.app_version = "8";
    row.sofa = "9";
    sent.metadata = "the datum";
    sent.forward = true;
    sent.key.emplace();
    sent.key->key.fill(10);
    sent.key->holder.fill(13);
    sent.key->payload.fill(11);
    sent.key->window_seconds = 12;

    Encoded encoded(sent);
    Message got = encoded.message();
    EXPECT_EQ(got.row.event_id, row.event_id);
    EXPECT_EQ(got.row.event_name, "name");
    EXPECT_EQ(got.row.event_type, "type");
    EXPECT_EQ(got.row.source, "source");
    EXPECT_EQ(got.row.origin, event::Origin::frontend);
    EXPECT_EQ(got.row.actor_type, "actor type");
    EXPECT_EQ(got.row.actor_id, "actor");
    EXPECT_EQ(got.row.resource_type, "resource type");
    EXPECT_EQ(got.row.resource_id, "resource");
    EXPECT_EQ(got.row.tenant_id, row.tenant_id);
    EXPECT_EQ(got.row.event_ts, -3);
    EXPECT_EQ(got.row.ingested_at, INT64_C(4000000000000000));
    EXPECT_EQ(got.row.value, 5.5);
    EXPECT_EQ(got.row.schema_version, "6.0.0");
    EXPECT_EQ(got.row.trace_id, "7");
    EXPECT_EQ(got.row.app_version, "8");
    EXPECT_EQ(got.row.sofa, "9");
    EXPECT_EQ(got.metadata, "the datum");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(got.metadata.data()) % 8, 0U);
    EXPECT_TRUE(got.forward);
    ASSERT_TRUE(got.key);
    EXPECT_EQ(got.key->key, sent.key->key);
    EXPECT_EQ(got.key->holder, sent.key->holder);
    EXPECT_EQ(got.key->payload, sent.key->payload);
    EXPECT_EQ(got.key->window_seconds, 12);
}

TEST(Message, TellsOmittedFieldsFromEmptyOnes) {
    Message sent;
    sent.row.event_name = "n";
    sent.row.sofa = "";
    Encoded encoded(sent);
    Message got = encoded.message();
    EXPECT_FALSE(event::given(got.row.event_type));
    EXPECT_FALSE(event::given(got.row.actor_id));
    EXPECT_TRUE(event::given(got.row.sofa));
    EXPECT_EQ(got.row.sofa, "");
    EXPECT_FALSE(got.row.tenant_id);
    EXPECT_FALSE(got.row.value);
    EXPECT_FALSE(got.key);
    EXPECT_FALSE(got.forward);
    EXPECT_EQ(got.row.origin, event::Origin::backend);
}

TEST(Message, CarriesAMegabyte) {
    const std::string metadata(1 << 20, 'm');
    Message sent;
    sent.row.event_name = "n";
    sent.metadata = metadata;
    Encoded encoded(sent);
    EXPECT_EQ(encoded.message().metadata, metadata);
}

}  // namespace
}  // namespace eventlog::autonomous
