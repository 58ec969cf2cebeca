// Reads a target's batches out of the log.
//
// A batch reads on until it is full or its window ends, over as many pieces and turns of the worker as that
// takes. So where a batch begins and ends depends on the log, the target's options and the settled position
// alone: after a crash the same events are sent together again, under the same token.
#pragma once

#include "pg/server.h"

#include "forward/delivery/batch.h"
#include "forward/target_store.h"

namespace eventlog::forward {

struct ClaimedBatch {
    ClaimedBatch(Batch read, follow::Cursor cursor) : batch(std::move(read)), end(std::move(cursor)) {}

    Batch batch;
    follow::Cursor end;  // where the target's cursor stands once this is settled
    ids::Uuid last_id{};
    bool ends_window = false;
    std::optional<ids::Uuid> companion;  // an event of the batch that is not settled with it
    TimestampTz claimed_at = 0;
};

class BatchSource {
  public:
    // Reads on, and returns the next batch, to be frozen; its window is stored. `cursor` is the target's:
    // moved over what is not for the target, and into the window of the batch. `behind` is where the last
    // batch that has not been settled ends; null where there is none. A `probe` is for a target that is
    // `refused`. In a transaction connected to SPI; throws pg::ServerError, and is to be forgotten then.
    std::optional<ClaimedBatch> next(const Declaration& target, follow::Cursor& cursor,
                                     const follow::Cursor* behind, bool probe, int64_t now_ms);

    // The next batch of dead letters that are to be sent again, or nothing. Those that cannot be are settled.
    // In a transaction connected to SPI; throws pg::ServerError.
    static std::optional<ClaimedBatch> next_redriven(const Declaration& target);

    // Forgets what it has read ahead.
    void forget();

    // It has read to the end of a window.
    bool ends_window() const { return reading_ && !reading_->ahead.to; }

    // When to go on without being woken; -1: when woken.
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
        size_t rows;  // of a piece
        int pieces;
    };

    static Limits limits_of(const TargetOptions& options, bool probe);
    bool lingers(const TargetOptions& options, int64_t now_ms);
    void skip(size_t rows, int64_t now_ms);
    void store_skipped(const Declaration& target, follow::Cursor& cursor, int64_t now_ms);
    void add_companion(const Declaration& target, const std::optional<ids::Uuid>& last,
                       ClaimedBatch& claimed);

    std::optional<Reading> reading_;
    std::optional<ids::Uuid> companion_;  // the last one
    int64_t more_at_ms_ = -1;
    int64_t linger_until_ms_ = -1;
    size_t skipped_rows_ = 0;  // read since the cursor was stored, none of them for this target
    int64_t skipped_since_ms_ = 0;
};

}  // namespace eventlog::forward
