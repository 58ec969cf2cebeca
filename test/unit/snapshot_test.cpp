#include "follow/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace eventlog::follow {
namespace {

using Xids = std::vector<uint64_t>;

Snapshot snapshot(std::string_view text) {
    const std::optional<Snapshot> parsed = Snapshot::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(Snapshot());
}

TEST(Snapshot, ReadsTheServersText) {
    const Snapshot read = snapshot("10:20:10,14,15");
    EXPECT_EQ(read.xmin(), 10u);
    EXPECT_EQ(read.xmax(), 20u);
    EXPECT_EQ(read.in_progress(), (Xids{10, 14, 15}));
}

TEST(Snapshot, WritesWhatItReads) {
    for (const std::string text : {"1:1:", "10:20:", "10:20:10", "10:20:10,14,15,19", "796:796:",
                                   "18446744073709551613:18446744073709551615:18446744073709551614"}) {
        EXPECT_EQ(snapshot(text).text(), text);
        EXPECT_EQ(snapshot(snapshot(text).text()), snapshot(text));
    }
}

TEST(Snapshot, RefusesWhatTheServerNeverWrites) {
    for (const std::string_view text : {
             std::string_view(""),
             std::string_view("10"),
             std::string_view("10:20"),
             std::string_view("10::"),
             std::string_view(":20:"),
             std::string_view("::"),
             std::string_view("0:20:"),
             std::string_view("20:10:"),
             std::string_view("10:20:9"),
             std::string_view("10:20:20"),
             std::string_view("10:20:12,11"),
             std::string_view("10:20:12,12"),
             std::string_view("10:20:12,"),
             std::string_view("10:20:,12"),
             std::string_view("10:20:12,,13"),
             std::string_view("10:20:12 "),
             std::string_view(" 10:20:"),
             std::string_view("10: 20:"),
             std::string_view("10:20: 12"),
             std::string_view("+10:20:"),
             std::string_view("-10:20:"),
             std::string_view("010:20:"),
             std::string_view("10:020:"),
             std::string_view("10:20:012"),
             std::string_view("10:20:12x"),
             std::string_view("0x10:20:"),
             std::string_view("10:20:12:"),
             std::string_view("10;20;"),
             std::string_view("1:18446744073709551616:"),
             std::string_view("10:20:\0", 7),
         }) {
        EXPECT_FALSE(Snapshot::parse(text)) << text;
    }
}

TEST(Snapshot, CountsATransactionAsInProgress) {
    EXPECT_EQ(snapshot("10:20:14").with_in_progress(12), snapshot("10:20:12,14"));
    EXPECT_EQ(snapshot("10:20:14").with_in_progress(16), snapshot("10:20:14,16"));
    EXPECT_EQ(snapshot("10:20:").with_in_progress(10), snapshot("10:20:10"));
    EXPECT_EQ(snapshot("10:20:").with_in_progress(9), snapshot("9:20:9"));
    EXPECT_EQ(snapshot("10:20:14").with_in_progress(14), snapshot("10:20:14"));
    EXPECT_EQ(snapshot("10:20:14").with_in_progress(20), snapshot("10:20:14"));
}

TEST(Snapshot, SeesWhatHadEnded) {
    const Snapshot taken = snapshot("10:20:10,14,15");
    for (const uint64_t ended : {1, 9, 11, 12, 13, 16, 19}) EXPECT_TRUE(taken.sees(ended)) << ended;
    for (const uint64_t running : {10, 14, 15}) EXPECT_FALSE(taken.sees(running)) << running;
    for (const uint64_t later : {20, 21, 1000}) EXPECT_FALSE(taken.sees(later)) << later;
}

TEST(Snapshot, TheDefaultOneSeesNothing) {
    EXPECT_FALSE(Snapshot().sees(1));
    EXPECT_EQ(Snapshot().text(), "1:1:");
    EXPECT_EQ(Snapshot(), snapshot("1:1:"));
}

TEST(Snapshot, ShiftsEveryNumber) {
    EXPECT_EQ(snapshot("10:20:10,14").shifted(5000000000).text(),
              "5000000010:5000000020:5000000010,5000000014");
    EXPECT_EQ(snapshot("10:20:10,14").shifted(0), snapshot("10:20:10,14"));
}

TEST(Window, IsTheRangeBetweenAndWhatEndedSince) {
    const WindowBounds bounds = window_bounds(snapshot("10:20:10,14,15"), snapshot("14:30:14,25"));
    EXPECT_EQ(bounds.range_from, 20u);
    EXPECT_EQ(bounds.range_to, 30u);
    EXPECT_EQ(bounds.late, (Xids{10, 15}));
}

TEST(Window, BetweenEqualSnapshotsIsEmpty) {
    const WindowBounds bounds = window_bounds(snapshot("10:20:10"), snapshot("10:20:10"));
    EXPECT_EQ(bounds.range_from, bounds.range_to);
    EXPECT_TRUE(bounds.late.empty());
}

TEST(Window, FromTheDefaultSnapshotIsEverything) {
    const WindowBounds bounds = window_bounds(Snapshot(), snapshot("10:20:10"));
    EXPECT_EQ(bounds.range_from, 1u);
    EXPECT_EQ(bounds.range_to, 20u);
    EXPECT_TRUE(bounds.late.empty());
}

// The condition of the index scan, with the check that the reader adds.
bool in_window(const WindowBounds& bounds, const Snapshot& to, uint64_t xid) {
    const bool in_range = xid >= bounds.range_from && xid < bounds.range_to;
    const bool late = std::binary_search(bounds.late.begin(), bounds.late.end(), xid);
    return (in_range || late) && to.sees(xid);
}

// A server on which transactions begin and end at random; one in a while stays open for long.
class History {
  public:
    explicit History(uint64_t seed) : random_(seed), next_(3 + random_() % 1000), first_(next_) {}

    void step() {
        if (running_.empty() || random_() % 100 < 52) {
            running_.push_back(next_++);
        } else {
            // The youngest end most often, so that old ones are passed over.
            const size_t among = random_() % 4 == 0 ? running_.size() : std::min<size_t>(running_.size(), 3);
            running_.erase(running_.end() - 1 - static_cast<long>(random_() % among));
        }
    }
    void end_all() { running_.clear(); }

    Snapshot take() const {
        const uint64_t xmin = running_.empty() ? next_ : running_.front();
        std::string text = std::to_string(xmin) + ":" + std::to_string(next_) + ":";
        for (size_t i = 0; i < running_.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(running_[i]);
        return snapshot(text);
    }
    uint64_t first() const { return first_; }
    uint64_t end() const { return next_; }
    uint64_t random() { return random_(); }

  private:
    std::mt19937_64 random_;
    uint64_t next_;
    uint64_t first_;
    Xids running_;
};

TEST(WindowProperty, HoldsExactlyWhatTheLaterSeesAndTheEarlierDoesNot) {
    for (uint64_t seed = 0; seed < 300; ++seed) {
        History history(seed);
        for (uint64_t i = history.random() % 200; i > 0; --i) history.step();
        const Snapshot from = history.take();
        for (uint64_t i = history.random() % 200; i > 0; --i) history.step();
        const Snapshot to = history.take();
        const WindowBounds bounds = window_bounds(from, to);
        ASSERT_TRUE(std::is_sorted(bounds.late.begin(), bounds.late.end()));
        for (uint64_t xid = 1; xid < history.end() + 10; ++xid) {
            ASSERT_EQ(in_window(bounds, to, xid), to.sees(xid) && !from.sees(xid)) << seed << " " << xid;
        }
    }
}

TEST(WindowProperty, AChainOfWindowsCoversEachTransactionOnce) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
        History history(seed);
        std::map<uint64_t, int> read;
        Snapshot from;
        const auto read_window = [&] {
            const Snapshot to = history.take();
            const WindowBounds bounds = window_bounds(from, to);
            for (uint64_t xid = history.first(); xid < history.end(); ++xid) {
                if (in_window(bounds, to, xid)) ++read[xid];
            }
            from = to;
        };
        for (int window = 0; window < 30; ++window) {
            for (uint64_t i = history.random() % 40; i > 0; --i) history.step();
            read_window();
        }
        history.end_all();
        read_window();
        ASSERT_EQ(read.size(), history.end() - history.first());
        for (const auto& [xid, times] : read) ASSERT_EQ(times, 1) << seed << " " << xid;
    }
}

}  // namespace
}  // namespace eventlog::follow
