#include "forward/batch_source.h"

#include "pg/boundary.h"

namespace eventlog::forward {
namespace {

constexpr int kPiecesAtOnce = 20;  // pieces read before other targets get their turn
constexpr int kProbePieces = 200;  // pieces read in search of a second event
constexpr size_t kProbeRows = 5000;
constexpr size_t kProbeEvents = 10;
constexpr size_t kStoreAfterSkipped = 10000;
constexpr int64_t kStoreSkippedAfterMs = 60000;

// Returns the bytes that a request body may need in addition to its events: the frame of the format, and a
// separator or a group for each event.
size_t frame_bytes(const Batch& batch) {
    constexpr size_t kFrame = 1024;
    constexpr size_t kEachEvent = 2;
    return kFrame + kEachEvent * (batch.size() + 1);
}

// Reads a piece and passes it to `take`, which returns whether to continue. The rows are freed before the
// next piece. After an error, the end of the transaction cleans up the SPI level.
template <typename Take>
bool with_piece(follow::Cursor& ahead, size_t max_rows, Take take) {
    pg::call([] { SPI_connect(); });
    const bool more = take(follow::next_piece(ahead, max_rows));
    pg::call([] { SPI_finish(); });
    return more;
}

// Returns whether a request has room for one more event.
bool has_room(const TargetOptions& options, const Batch& batch, const Encoded& encoded) {
    const size_t most = options.format->max_request_bytes;
    return batch.size() == 0 || most == 0 || batch.bytes() + encoded.body.size() + frame_bytes(batch) <= most;
}

// Adds the rows that the target selects until the batch is full. Returns the number of rows that were
// examined, and sets `full` if no more fit.
size_t add_rows(const follow::Piece& piece, const TargetOptions& options, size_t min_events,
                size_t max_events, Batch& batch, bool& full) {
    const Format& format = *options.format;
    Encoded encoded;
    const auto is_full = [&] {
        const bool heavy = batch.bytes() >= static_cast<size_t>(options.batch_bytes);
        return batch.size() >= max_events || (heavy && batch.size() >= min_events);
    };
    size_t rows = 0;
    for (const event::StoredRow& row : piece.rows) {
        full = is_full();
        if (full) break;
        if (options.events.selects(row)) {
            encoded.clear();
            if (auto refusal = encode_event(format, encoded, row, options.encode)) {
                batch.refuse(row.event_id, *refusal);
            } else {
                full = !has_room(options, batch, encoded);
                if (full) break;
                batch.add(row.event_id, encoded);
            }
        }
        rows++;
    }
    full = full || is_full();
    return rows;
}

}  // namespace

// A refused target is tried with at least two events if the log has them, so that a bad event does not stand
// alone.
BatchSource::Limits BatchSource::limits_of(const TargetOptions& options, bool probe) {
    const size_t batch_events = static_cast<size_t>(options.batch_events);
    if (!probe) return {1, batch_events, batch_events, kPiecesAtOnce};
    const size_t max_events = std::max(batch_events, kProbeEvents);
    return {2, max_events, std::max(max_events, kProbeRows), kProbePieces};
}

std::optional<ClaimedBatch> BatchSource::next(const Declaration& target, follow::Cursor& cursor,
                                              const follow::Cursor* behind, bool probe, int64_t now_ms) {
    more_at_ms_ = -1;
    const TargetOptions& options = target.options;
    const std::optional<ids::Uuid> last_companion = std::exchange(companion_, std::nullopt);
    const Limits limits = limits_of(options, probe);
    // Nothing in the window has been settled, so it may be extended.
    if (probe && !reading_ && cursor.to && !cursor.settled) cursor.to.reset();
    if (!reading_) reading_ = Reading{Batch(*options.format), behind == nullptr ? cursor : *behind};
    Batch& batch = reading_->batch;
    follow::Cursor& ahead = reading_->ahead;
    // The cursor stays before the first event of the batch until that event is settled.
    if (behind == nullptr && batch.empty()) cursor = ahead;
    bool full = false;
    bool ends_window = false;
    bool enough = false;
    for (int pieces = 0; pieces < limits.pieces && !full && !ends_window && !enough; pieces++) {
        // A window is opened after everything in the previous one has been settled.
        if (!ahead.to && behind != nullptr) return std::nullopt;
        size_t rows = 0;
        bool used_up = false;
        const bool more = with_piece(ahead, limits.rows, [&](const follow::Piece& piece) {
            if (piece.nothing()) return false;
            if (behind == nullptr && batch.empty()) cursor = ahead;
            rows = add_rows(piece, options, limits.min_events, limits.max_events, batch, full);
            if (rows > 0) ahead.last_id = piece.rows[rows - 1].event_id;
            used_up = piece.ends_window && rows == piece.rows.size();
            return true;
        });
        if (!more) {
            cursor = std::move(ahead);
            reading_.reset();
            store_skipped(target, cursor, now_ms);
            return std::nullopt;
        }
        if (!batch.empty()) {
            ends_window = used_up;
            enough = probe && batch.size() >= limits.min_events;
            continue;
        }
        skip(rows, now_ms);
        if (used_up) ahead.next_window();
        if (behind == nullptr) cursor = ahead;
    }
    if (batch.empty() || (!full && !ends_window && !probe)) {
        more_at_ms_ = now_ms;
        return std::nullopt;
    }
    if (!cursor.stored) {
        if (!full && lingers(options, now_ms)) {
            cursor.to.reset();
            reading_.reset();
            return std::nullopt;
        }
        linger_until_ms_ = -1;
        if (!follow::store_window(kTargetReader, target.name.c_str(), cursor)) {
            reading_.reset();
            return std::nullopt;
        }
        // Commits that the window sees must be on disk before the endpoint receives their events.
        pg::call([] { ForceSyncCommit(); });
        skipped_rows_ = 0;
    }
    ClaimedBatch claimed(std::move(batch), std::move(ahead));
    reading_.reset();
    claimed.last_id = claimed.end.last_id.value();
    claimed.ends_window = ends_window;
    claimed.claimed_at = GetCurrentTimestamp();
    claimed.end.window_number = cursor.window_number;
    claimed.end.stored = claimed.end.settled = true;
    if (ends_window) claimed.end.next_window();
    // A batch needs a companion if it is full, or at the end of a window in which other events have been
    // settled.
    bool lonely = ends_window ? cursor.settled : claimed.batch.size() >= limits.max_events;
    if (probe && lonely) add_companion(target, last_companion, claimed);
    return claimed;
}

std::optional<ClaimedBatch> BatchSource::next_redriven(const Declaration& target) {
    const TargetOptions& options = target.options;
    ClaimedBatch claimed(Batch(*options.format), follow::Cursor());
    Encoded encoded;
    while (claimed.batch.empty()) {
        Redriven redriven = claim_redriven(target.name, static_cast<size_t>(options.batch_events));
        if (redriven.rows.empty() && redriven.gone.empty()) return std::nullopt;
        std::vector<RefusedEvent> refused;
        for (const ids::Uuid& id : redriven.gone)
            refused.push_back({id, 0, "The event is not in the log any more.", 0});
        for (const event::StoredRow& row : redriven.rows) {
            encoded.clear();
            if (auto refusal = encode_event(*options.format, encoded, row, options.encode))
                refused.push_back({row.event_id, 0, *refusal, 0});
            else if (claimed.batch.bytes() >= static_cast<size_t>(options.batch_bytes) ||
                     !has_room(options, claimed.batch, encoded))
                break;  // an event that does not fit waits for the next batch
            else
                claimed.batch.add(row.event_id, encoded);
        }
        settle_redriven(target.name, {}, refused);
        // The next search must not find the events that were just settled.
        pg::call([] {
            CommandCounterIncrement();
            UpdateActiveSnapshotCommandId();
        });
    }
    return claimed;
}

void BatchSource::forget() {
    reading_.reset();
    more_at_ms_ = linger_until_ms_ = -1;
}

// The end of a window cannot be extended if other events in the window have been settled. To find out whether
// its events or the target are at fault, one event of the next window is sent with them. It is a different
// one each time, and is sent again in its own turn.
void BatchSource::add_companion(const Declaration& target, const std::optional<ids::Uuid>& last,
                                ClaimedBatch& claimed) {
    follow::Cursor ahead = claimed.end;
    Encoded encoded;
    bool more = true;
    for (int pieces = 0; pieces < kProbePieces && more; pieces++)
        more = with_piece(ahead, kProbeRows, [&](const follow::Piece& piece) {
            for (const event::StoredRow& row : piece.rows) {
                ahead.last_id = row.event_id;
                if (!target.options.events.selects(row) || (last && row.event_id <= *last)) continue;
                encoded.clear();
                if (encode_event(*target.options.format, encoded, row, target.options.encode)) continue;
                claimed.batch.add(row.event_id, encoded);
                companion_ = claimed.companion = row.event_id;
                return false;
            }
            return !piece.ends_window && !piece.nothing();
        });
    // The companion's commit must be on disk, as if its window had been stored. It is enough to flush the
    // commit of this transaction, which comes after it.
    if (claimed.companion)
        pg::call([] {
            (void)GetTopTransactionId();
            ForceSyncCommit();
        });
}

// Returns whether to wait for more events before a batch that is not full is sent.
bool BatchSource::lingers(const TargetOptions& options, int64_t now_ms) {
    if (options.linger_ms == 0) return false;
    if (linger_until_ms_ < 0) linger_until_ms_ = now_ms + options.linger_ms;
    if (now_ms < linger_until_ms_) more_at_ms_ = linger_until_ms_;
    return now_ms < linger_until_ms_;
}

void BatchSource::skip(size_t rows, int64_t now_ms) {
    if (skipped_rows_ == 0) skipped_since_ms_ = now_ms;
    skipped_rows_ += rows;
}

// Rows that the target does not select do not cost one write each; the cursor is only stored now and then.
void BatchSource::store_skipped(const Declaration& target, follow::Cursor& cursor, int64_t now_ms) {
    if (skipped_rows_ == 0 || cursor.to) return;
    if (skipped_rows_ < kStoreAfterSkipped && now_ms - skipped_since_ms_ < kStoreSkippedAfterMs) return;
    follow::store_window(kTargetReader, target.name.c_str(), cursor);
    skipped_rows_ = 0;
}

}  // namespace eventlog::forward
