#include "forward/delivery/batch.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace eventlog::forward {
namespace {

void compose(std::string& body, std::span<const EncodedView> events, const Attempt&) {
    join_events(body, events, "<", ";", ">");
}

constexpr Format kPlain = {
    .name = "plain",
    .mode = "",
    .content_type = "text/plain",
    .key_header = {"", ""},
    .default_path = "/",
    .compose = compose,
};

Encoded encoded(std::string_view text) {
    return {std::string(text), "", {}};
}

constexpr size_t kNoLimit = SIZE_MAX;  // events of a request

ids::Uuid id_of(size_t number) {
    ids::Uuid id{};
    for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(number >> (8 * i));
    return id;
}

// A frozen batch of events 0 to count - 1, whose texts are their numbers.
Batch batch_of(size_t count) {
    Batch batch(kPlain);
    for (size_t i = 0; i < count; ++i) batch.add(id_of(i), encoded(std::to_string(i)));
    batch.freeze(kNoLimit);
    return batch;
}

std::string body_of(const Batch& batch) {
    std::string body = "left from the request before";
    batch.body(body, {});
    return body;
}

// The events of a request body, in order.
std::vector<size_t> events_in(const std::string& body) {
    std::vector<size_t> events;
    for (size_t at = 1; at < body.size();) {
        const size_t end = body.find_first_of(";>", at);
        events.push_back(std::stoul(body.substr(at, end - at)));
        at = end + 1;
    }
    return events;
}

TEST(Batch, AnEmptyOneHasNothingPending) {
    const Batch batch = batch_of(0);
    EXPECT_FALSE(batch.pending());
    EXPECT_EQ(batch.range_size(), 0u);
    EXPECT_FALSE(batch.wholly_refused());
}

TEST(Batch, HalvesWhatIsLongerThanTheEndpointTakesAsA413Would) {
    Batch learned(kPlain);
    Batch told(kPlain);
    for (size_t i = 0; i < 500; ++i) {
        learned.add(id_of(i), encoded(std::to_string(i)));
        told.add(id_of(i), encoded(std::to_string(i)));
    }
    learned.freeze(300, 100);
    told.freeze(300);
    std::vector<std::string> tokens;
    while (told.pending()) {
        const bool fits = told.range_size() <= 100;
        if (fits) tokens.push_back(told.token());
        told.answered({fits ? Verdict::accepted : Verdict::too_large, 0, {}}, fits ? 200 : 413, "");
    }
    for (const std::string& token : tokens) {
        ASSERT_TRUE(learned.pending());
        EXPECT_EQ(learned.token(), token);
        learned.answered({Verdict::accepted, 0, {}}, 200, "");
    }
    EXPECT_FALSE(learned.pending());
    EXPECT_EQ(learned.accepted(), 500u);
}

TEST(Batch, SendsAgainWhatWasRefusedBeforeTheEndpointTookAnything) {
    Batch batch = batch_of(4);
    std::string bodies;
    for (int request = 0; batch.pending(); ++request) {
        bodies += body_of(batch);
        // Mended after the first two events have been refused.
        batch.answered({request < 4 ? Verdict::event_refused : Verdict::accepted, 0, {}},
                       request < 4 ? 400 : 200, "");
    }
    EXPECT_EQ(bodies, "<0;1;2;3><0;1><0><1><2;3><0><1>");
    EXPECT_EQ(batch.accepted(), 4u);
    EXPECT_TRUE(batch.refused_by_endpoint().empty());
}

TEST(Batch, TakesASecondRefusalForTheEventsOwn) {
    Batch batch = batch_of(2);
    std::string bodies;
    while (batch.pending()) {
        const std::string body = body_of(batch);
        bodies += body;
        const bool good = body == "<1>";
        batch.answered({good ? Verdict::accepted : Verdict::event_refused, 0, {}}, good ? 200 : 400, "");
    }
    EXPECT_EQ(bodies, "<0;1><0><1><0>");
    ASSERT_EQ(batch.refused_by_endpoint().size(), 1u);
    EXPECT_EQ(batch.refused_by_endpoint()[0].event_id, id_of(0));
    EXPECT_EQ(batch.refused_by_endpoint()[0].attempts, 3);
}

TEST(Batch, NothingIsPendingBeforeItIsFrozen) {
    Batch batch(kPlain);
    batch.add(id_of(0), encoded("abc"));
    EXPECT_FALSE(batch.pending());
    EXPECT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch.bytes(), 3u);
    batch.freeze(kNoLimit);
    EXPECT_TRUE(batch.pending());
    EXPECT_EQ(batch.range_size(), 1u);
}

TEST(Batch, BodyIsPrefixEventsJoinedAndSuffix) {
    EXPECT_EQ(body_of(batch_of(1)), "<0>");
    EXPECT_EQ(body_of(batch_of(12)), "<0;1;2;3;4;5;6;7;8;9;10;11>");
}

TEST(Batch, NoRequestCarriesMoreThanItMay) {
    Batch batch(kPlain);
    for (size_t i = 0; i < 5; ++i) batch.add(id_of(i), encoded(std::to_string(i)));
    batch.freeze(2);
    for (const char* body : {"<0;1>", "<2;3>", "<4>"}) {
        EXPECT_EQ(body_of(batch), body);
        batch.answered({Verdict::accepted, 0, {}}, 202, "");
    }
    EXPECT_FALSE(batch.pending());
    EXPECT_EQ(batch.accepted(), 5u);
}

TEST(Batch, AcceptedEndsIt) {
    Batch batch = batch_of(3);
    batch.answered({Verdict::accepted, 0, {}}, 202, "");
    EXPECT_FALSE(batch.pending());
    EXPECT_EQ(batch.accepted(), 3u);
    EXPECT_TRUE(batch.refused_by_endpoint().empty());
    EXPECT_FALSE(batch.wholly_refused());
}

TEST(Batch, RetryUnauthorizedAndWrongAddressSendTheSameRangeAgain) {
    Batch batch = batch_of(3);
    for (const Verdict verdict : {Verdict::retry, Verdict::unauthorized, Verdict::wrong_address}) {
        batch.answered({verdict, 0, {}}, 0, "");
        EXPECT_EQ(body_of(batch), "<0;1;2>");
    }
    EXPECT_EQ(batch.accepted(), 0u);
    EXPECT_FALSE(batch.wholly_refused());
}

TEST(Batch, ARefusedRangeIsHalvedFirstHalfFirst) {
    for (const Verdict verdict : {Verdict::event_refused, Verdict::too_large}) {
        Batch batch = batch_of(5);
        batch.answered({verdict, 0, {}}, 400, "");
        EXPECT_EQ(body_of(batch), "<0;1>");
        EXPECT_EQ(batch.range_size(), 2u);
        batch.answered({verdict, 0, {}}, 400, "");
        EXPECT_EQ(body_of(batch), "<0>");
        batch.answered({Verdict::accepted, 0, {}}, 200, "");
        EXPECT_EQ(body_of(batch), "<1>");
        batch.answered({Verdict::accepted, 0, {}}, 200, "");
        EXPECT_EQ(body_of(batch), "<2;3;4>");
    }
}

TEST(Batch, ARefusedSingleEventIsSetAsideWithWhatTheEndpointSaid) {
    Batch batch = batch_of(2);
    batch.answered({Verdict::event_refused, 0, {}}, 400, "one is bad");
    batch.answered({Verdict::accepted, 0, {}}, 200, "");
    batch.answered({Verdict::retry, 0, {}}, 503, "busy");
    batch.answered({Verdict::event_refused, 0, {}}, 422, "this is bad");
    ASSERT_EQ(batch.refused_by_endpoint().size(), 1u);
    const RefusedEvent& refused = batch.refused_by_endpoint()[0];
    EXPECT_EQ(refused.event_id, id_of(1));
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.reason, "this is bad");
    EXPECT_EQ(refused.attempts, 3) << "the whole batch once, the event alone twice";
    EXPECT_EQ(batch.accepted(), 1u);
    EXPECT_FALSE(batch.pending());
    EXPECT_FALSE(batch.wholly_refused());
}

TEST(Batch, ATooLargeSingleEventIsSetAside) {
    Batch batch = batch_of(1);
    batch.answered({Verdict::too_large, 0, {}}, 413, "");
    EXPECT_FALSE(batch.pending());
    ASSERT_EQ(batch.refused_by_endpoint().size(), 1u);
    EXPECT_EQ(batch.refused_by_endpoint()[0].status, 413);
    EXPECT_TRUE(batch.wholly_refused());
}

TEST(Batch, WhollyRefusedWhenEveryEventWas) {
    Batch batch = batch_of(3);
    while (batch.pending()) {
        EXPECT_FALSE(batch.wholly_refused());
        batch.answered({Verdict::event_refused, 0, {}}, 400, "");
    }
    EXPECT_TRUE(batch.wholly_refused());
    EXPECT_EQ(batch.refused_by_endpoint().size(), 3u);
}

TEST(Batch, WhatTheEncoderRefusedIsNotSent) {
    Batch batch(kPlain);
    batch.add(id_of(0), encoded("0"));
    batch.refuse(id_of(1), "The event name is long.");
    batch.add(id_of(2), encoded("2"));
    batch.freeze(kNoLimit);
    EXPECT_EQ(batch.size(), 2u);
    EXPECT_EQ(body_of(batch), "<0;2>");
    batch.answered({Verdict::accepted, 0, {}}, 200, "");
    ASSERT_EQ(batch.refused_by_encoder().size(), 1u);
    const RefusedEvent& refused = batch.refused_by_encoder()[0];
    EXPECT_EQ(refused.event_id, id_of(1));
    EXPECT_EQ(refused.status, 0);
    EXPECT_EQ(refused.reason, "The event name is long.");
    EXPECT_EQ(refused.attempts, 0);
}

TEST(Batch, OnlyUnencodableEventsLeaveNothingToSend) {
    Batch batch(kPlain);
    batch.refuse(id_of(0), "x");
    batch.freeze(kNoLimit);
    EXPECT_FALSE(batch.pending());
    EXPECT_FALSE(batch.wholly_refused()) << "the endpoint refused nothing";
}

TEST(Batch, ReasonsAreCutAndMadeReadable) {
    Batch batch = batch_of(1);
    batch.answered({Verdict::event_refused, 0, {}}, 400,
                   std::string(Batch::kMaxReasonBytes - 1, 'x') + "\u20ac");
    EXPECT_EQ(batch.refused_by_endpoint()[0].reason, std::string(Batch::kMaxReasonBytes - 1, 'x'));

    Batch unencodable(kPlain);
    unencodable.refuse(id_of(0), std::string("a\0b", 3));
    EXPECT_EQ(unencodable.refused_by_encoder()[0].reason,
              "a\uFFFD"
              "b");
}

// An endpoint that refuses a request that holds a bad event or more than `limit` events, and sometimes does
// not answer.
struct Endpoint {
    std::set<size_t> bad;
    size_t limit;
    std::vector<size_t> taken;

    Verdict answer(const std::string& body, bool down) {
        if (down) return Verdict::retry;
        const std::vector<size_t> events = events_in(body);
        if (events.size() > limit) return Verdict::too_large;
        for (const size_t event : events) {
            if (bad.contains(event)) return Verdict::event_refused;
        }
        taken.insert(taken.end(), events.begin(), events.end());
        return Verdict::accepted;
    }
};

TEST(BatchProperty, EachEventIsAcceptedOrSetAsideOnceAndInOrder) {
    std::mt19937_64 random(20261120);
    for (int round = 0; round < 2000; ++round) {
        const size_t count = 1 + random() % 64;
        Endpoint endpoint{{}, 1 + random() % 80, {}};
        const size_t bad_in_64 = random() % 65;
        for (size_t i = 0; i < count; ++i) {
            if (random() % 64 < bad_in_64) endpoint.bad.insert(i);
        }
        Batch batch = batch_of(count);
        std::vector<int> carried(count);
        std::string body;
        size_t requests = 0;
        while (batch.pending()) {
            ASSERT_LT(++requests, 8 * count + 100);
            batch.body(body, {});
            for (const size_t event : events_in(body)) ++carried[event];
            const Verdict verdict = endpoint.answer(body, random() % 8 == 0);
            batch.answered({verdict, 0, {}}, 400, "bad");
        }

        std::vector<size_t> good;
        for (size_t i = 0; i < count; ++i) {
            if (!endpoint.bad.contains(i)) good.push_back(i);
        }
        ASSERT_EQ(endpoint.taken, good);
        ASSERT_EQ(batch.accepted(), good.size());
        ASSERT_EQ(batch.refused_by_endpoint().size(), endpoint.bad.size());
        auto refused = batch.refused_by_endpoint().begin();
        for (const size_t bad : endpoint.bad) {
            ASSERT_EQ(refused->event_id, id_of(bad));
            ASSERT_EQ(refused->attempts, carried[bad]);
            ++refused;
        }
        ASSERT_EQ(batch.wholly_refused(), good.empty());
    }
}

TEST(BatchProperty, OneBadEventCostsALogarithmOfRequests) {
    for (size_t bad = 0; bad < 1024; bad += 37) {
        Endpoint endpoint{{bad}, 1024, {}};
        Batch batch = batch_of(1024);
        size_t requests = 0;
        for (std::string body; batch.pending(); ++requests) {
            batch.body(body, {});
            batch.answered({endpoint.answer(body, false), 0, {}}, 400, "");
        }
        EXPECT_EQ(requests, bad == 0 ? 22u : 21u)
            << "the whole, then two halves ten times, and the first event once more";
    }
}

}  // namespace
}  // namespace eventlog::forward
