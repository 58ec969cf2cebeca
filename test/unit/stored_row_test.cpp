#include "event/stored_row.h"

#include <deque>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "jsonb/canonical.h"
#include "jsonb_builder.h"

namespace eventlog::event {
namespace {

constexpr ids::Uuid kEventId = {0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3,
                                0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};

std::string canonical(const StoredRow& row) {
    std::string text = "before ";
    append_canonical(text, row);
    EXPECT_TRUE(text.starts_with("before "));
    text.erase(0, std::string_view("before ").size());
    EXPECT_EQ(canonical_size(row, jsonb::canonical_size(row.metadata)), text.size()) << text;
    return text;
}

TEST(EventStoredRow, NullColumnsAreLeftOut) {
    const test::Jsonb metadata(R"({"_eventLog": {"forwardToStatsig": false}})");
    StoredRow row;
    row.event_id = kEventId;
    row.event_name = "order.created";
    row.source = "shop";
    row.ingested_at = 1;
    row.metadata = metadata.container();
    EXPECT_EQ(canonical(row),
              R"({"event_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f","event_name":"order.created",)"
              R"("event_ts":"1970-01-01T00:00:00.000000Z","ingested_at":"1970-01-01T00:00:00.000001Z",)"
              R"("metadata":{"_eventLog":{"forwardToStatsig":false}},"origin":"backend","source":"shop"})");
}

TEST(EventStoredRow, EveryColumnInTheOrderOfItsName) {
    const test::Jsonb metadata(R"({"b": 1.50, "a": ["x", null], "_eventLog": {"forwardToStatsig": true}})");
    StoredRow row;
    row.event_id = kEventId;
    row.event_name = "order \"created\"\n";
    row.event_type = "business";
    row.source = "shop";
    row.origin = Origin::frontend;
    row.actor_type = "user";
    row.actor_id = "é";
    row.resource_type = "order";
    row.resource_id = "o-1";
    row.tenant_id = ids::Uuid{};
    row.event_ts = 1'795'162'530'000'000;
    row.ingested_at = 1'795'162'530'250'000;
    row.value = 9.99;
    row.metadata = metadata.container();
    row.schema_version = "1.0.0";
    row.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    row.app_version = "7";
    row.sofa = "cookie";
    EXPECT_EQ(
        canonical(row),
        R"({"actor_id":"é","actor_type":"user","app_version":"7",)"
        R"("event_id":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f","event_name":"order \"created\"\n",)"
        R"("event_ts":"2026-11-20T08:15:30.000000Z","event_type":"business",)"
        R"("ingested_at":"2026-11-20T08:15:30.250000Z",)"
        R"("metadata":{"_eventLog":{"forwardToStatsig":true},"a":["x",null],"b":1.50},"origin":"frontend",)"
        R"("resource_id":"o-1","resource_type":"order","schema_version":"1.0.0","sofa":"cookie",)"
        R"("source":"shop","tenant_id":"00000000-0000-0000-0000-000000000000",)"
        R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","value":9.99})");
}

TEST(EventStoredRow, NamesOrigins) {
    EXPECT_EQ(name_of(Origin::backend), "backend");
    EXPECT_EQ(name_of(Origin::frontend), "frontend");
}

class RandomRow {
  public:
    explicit RandomRow(uint64_t seed) : random_(seed) {}

    StoredRow make() {
        StoredRow row;
        for (uint8_t& byte : row.event_id) byte = static_cast<uint8_t>(random_());
        for (std::string_view* column : {&row.event_name, &row.event_type, &row.source, &row.actor_type,
                                         &row.actor_id, &row.resource_type, &row.resource_id,
                                         &row.schema_version, &row.trace_id, &row.app_version, &row.sofa}) {
            if (one_of(2)) *column = text();
        }
        if (one_of(2)) row.origin = Origin::frontend;
        if (one_of(2)) row.tenant_id = row.event_id;
        row.event_ts = static_cast<Micros>(random_());
        row.ingested_at = static_cast<Micros>(random_() % 4'000'000'000'000'000);
        if (one_of(2)) row.value = static_cast<double>(static_cast<int64_t>(random_())) / 1000;
        jsonb_ = std::make_unique<test::Jsonb>(one_of(2) ? R"({"a": [1, {"é\n": -0.25}], "_eventLog": {}})"
                                                         : "{}");
        row.metadata = jsonb_->container();
        return row;
    }

  private:
    bool one_of(uint64_t n) { return random_() % n == 0; }

    std::string_view text() {
        static constexpr std::string_view kPieces[] = {"a",    "\"", "\\", "\n", "\x01", "\x1f",
                                                       "\x7f", "é",  "€",  "😀",  "/"};
        std::string& text = texts_.emplace_back();
        while (!one_of(12)) text += kPieces[random_() % std::size(kPieces)];
        return text;
    }

    std::mt19937_64 random_;
    std::deque<std::string> texts_;
    std::unique_ptr<test::Jsonb> jsonb_;
};

TEST(EventStoredRow, SizeIsThatOfTheText) {
    for (uint64_t seed = 0; seed < 5000; seed++) {
        RandomRow random(seed);
        canonical(random.make());
    }
}

}  // namespace
}  // namespace eventlog::event
