// Reads a target's batches from the log.
//
// A batch is read until it is full or its window ends, which may take several pieces and turns of the worker.
// The boundaries of a batch therefore depend only on the log, the target's options and the settled position,
// so that after a crash the same events are sent together again, under the same token.
#pragma once

#include "pg/server.h"

#include "forward/delivery/batch.h"
#include "forward/target_store.h"

namespace eventlog::forward {

struct ClaimedBatch {
    ClaimedBatch(Batch read, follow::Cursor cursor) : batch(std::move(read)), end(std::move(cursor)) {}

    Batch batch;
    follow::Cursor end;  // position of the target's cursor after the batch is settled
    ids::Uuid last_id{};
    bool ends_window = false;
    std::optional<ids::Uuid> companion;  // an event in the batch that is not settled with it
    TimestampTz claimed_at = 0;
};

class BatchSource {
  public:
    // Continues to read, and returns the next batch, ready to be frozen, after storing its window. Returns
    // nothing if the batch is not complete yet. `cursor` is the target's cursor, which is moved over events
    // that are not for the target and into the window of the batch. `behind` is the end of the last batch
    // that has not been settled, or null if there is none. `probe` is true for a target that is `refused`.
    // Call it in a transaction that is connected to SPI. If it throws pg::ServerError, call `forget`.
    std::optional<ClaimedBatch> next(const Declaration& target, follow::Cursor& cursor,
                                     const follow::Cursor* behind, bool probe, int64_t now_ms);

    // Returns the next batch of dead letters that are to be sent again, or nothing. Dead letters that cannot
    // be sent are settled. Call it in a transaction that is connected to SPI. Throws pg::ServerError.
    static std::optional<ClaimedBatch> next_redriven(const Declaration& target);

    // Forgets everything that was read ahead.
    void forget();

    // Returns whether the end of a window has been read.
    bool ends_window() const { return reading_ && !reading_->ahead.to; }

    // Returns the time at which to continue even if the worker is not woken, or -1.
    int64_t more_at_ms() const { return more_at_ms_; }

  private:
    // A batch that is not full yet.
    struct Reading {
        Batch batch;
        follow::Cursor ahead;
    };
    struct Limits {
        size_t min_events;
        size_t max_events;
        size_t rows;  // rows per piece
        int pieces;
    };

    static Limits limits_of(const TargetOptions& options, bool probe);
    bool lingers(const TargetOptions& options, int64_t now_ms);
    void skip(size_t rows, int64_t now_ms);
    void store_skipped(const Declaration& target, follow::Cursor& cursor, int64_t now_ms);
    void add_companion(const Declaration& target, const std::optional<ids::Uuid>& last,
                       ClaimedBatch& claimed);

    std::optional<Reading> reading_;
    std::optional<ids::Uuid> companion_;  // the last companion
    int64_t more_at_ms_ = -1;
    int64_t linger_until_ms_ = -1;
    size_t skipped_rows_ = 0;  // rows read since the cursor was stored, if none of them was for this target
    int64_t skipped_since_ms_ = 0;
};

}  // namespace eventlog::forward
