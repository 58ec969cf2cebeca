#include "feed/lease.h"

#include "feed/consumer.h"
#include "pg/boundary.h"
#include "pg/subtransaction.h"
#include "follow/horizon.h"

namespace eventlog::feed {
namespace {

constexpr size_t kLargeRead = 5000;         // rows read at once, after some were not for the consumer
constexpr size_t kStoreAfterPassed = 1000;  // rows passed over before the position is stored, to skip them
constexpr size_t kMostPassed =
    1000000;  // rows passed over before a look ends, so that a long search keeps its progress

// Runs `body` connected to SPI, whose memory is freed afterwards. After an error the end of the transaction
// closes the SPI level.
template <typename Body>
void connected(Body body) {
    pg::call([] { SPI_connect(); });
    body();
    pg::call([] { SPI_finish(); });
}

TimestampTz lease_end(const LeaseRequest& request) {
    Interval* duration = request.duration;
    return pg::call([duration] {
        return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
                                                       TimestampTzGetDatum(GetCurrentTimestamp()),
                                                       IntervalPGetDatum(duration)));
    });
}

// The events behind a consumer's position, read up to the end of a window that holds some for it.
struct Found {
    std::vector<ids::Uuid> ids;
    size_t passed = 0;  // rows that are not for the consumer
    bool ends_window = false;
};

// Reads the next piece. Returns false if there is nothing more to read.
bool read_piece(Consumer& consumer, size_t max_rows, Found& found) {
    follow::Cursor& cursor = consumer.cursor;
    const bool rarely = found.passed > 0;
    const size_t rows = rarely ? std::max(kLargeRead, max_rows) : max_rows - found.ids.size();
    bool more = true;
    connected([&] {
        follow::Piece piece = follow::next_piece(cursor, rows);
        more = !piece.nothing();
        size_t read = 0;
        for (const event::StoredRow& row : piece.rows) {
            if (found.ids.size() == max_rows) break;
            cursor.last_id = row.event_id;
            if (consumer.selects(row.event_name))
                found.ids.push_back(row.event_id);
            else
                found.passed++;
            read++;
        }
        found.ends_window = piece.ends_window && read == piece.rows.size();
    });
    return more;
}

Found find_next(Consumer& consumer, size_t max_rows) {
    Found found;
    while (found.ids.size() < max_rows && found.passed < kMostPassed) {
        if (!read_piece(consumer, max_rows, found)) break;
        if (!found.ends_window) continue;
        if (!found.ids.empty()) break;
        consumer.cursor.next_window();
        found.ends_window = false;
    }
    return found;
}

void must_stand(const Consumer& consumer, bool stored) {
    if (!stored)
        throw pg::error_of(
            rules::violation<rules::Rule::consumer_moved>("name", rules::with<"found">(consumer.name)));
}

// Stores the new window and makes the transaction commit synchronously, because the commits that the window
// saw must be on disk before the window is. Later polls of the window may commit asynchronously.
void open_window(Consumer& consumer) {
    must_stand(consumer, follow::store_window(kConsumerReader, consumer.name.c_str(), consumer.cursor));
    if (consumer.cursor.to) pg::call([] { ForceSyncCommit(); });
}

void store(Consumer& consumer, const Found& found) {
    follow::Cursor& cursor = consumer.cursor;
    if (!cursor.stored) open_window(consumer);
    if (!cursor.to) return;
    must_stand(consumer,
               follow::store_position(kConsumerReader, consumer.name.c_str(), cursor, cursor.last_id.value(),
                                      found.ends_window, static_cast<int64_t>(found.ids.size())));
}

LeasedPiece look(const LeaseRequest& request) {
    pg::call([&request] {
        // The look also sees what this statement itself has written.
        CommandCounterIncrement();
        lock_consumer(request.consumer);
        PushActiveSnapshot(GetLatestSnapshot());
    });
    LeasedPiece piece;
    Consumer consumer;
    bool written = false;
    connected([&] {
        consumer = load_consumer(request.consumer);
        piece.lease_ends = consumer.lease_ends;
        if (!consumer.lease_ends || *consumer.lease_ends > GetCurrentTimestamp()) return;
        std::optional<std::vector<ids::Uuid>> again =
            lease_again(request.consumer, request.max_rows, lease_end(request));
        written = again.has_value();
        if (again) piece.ids = std::move(*again);
    });
    if (piece.ids.empty()) {
        Found found = find_next(consumer, request.max_rows);
        if (!found.ids.empty() || found.passed >= kStoreAfterPassed) {
            connected([&] {
                store(consumer, found);
                if (!found.ids.empty()) store_lease(consumer, found.ids, lease_end(request));
            });
            written = true;
        }
        piece.ids = std::move(found.ids);
        piece.moved = written && piece.ids.empty();
    }
    pg::call([&request, written] {
        PopActiveSnapshot();
        if (!written) unlock_consumer(request.consumer);
    });
    return piece;
}

}  // namespace

LeasedPiece lease_next(const LeaseRequest& request) {
    if (!request.may_wait) return look(request);
    // A look that finds nothing is rolled back to release its locks, because a poll that waits must not keep
    // partitions from being dropped.
    pg::Subtransaction subtransaction;
    LeasedPiece piece = look(request);
    if (piece.moved || !piece.ids.empty()) subtransaction.commit();
    return piece;
}

follow::Snapshot ended_by_now() {
    follow::Snapshot now;
    pg::call([] { PushActiveSnapshot(GetLatestSnapshot()); });
    connected([&] { now = follow::horizon(); });
    pg::call([] { PopActiveSnapshot(); });
    return now;
}

}  // namespace eventlog::feed
