// One target at work: claim a batch, send it, settle it; and the state it is in. README.md of this folder has
// the table.
//
// A target owns its cursor, its batch, its request and its pauses, and shares nothing with others but the
// Http that moves the requests. All calls come from the worker's loop, with no transaction open.
#pragma once

#include "pg.h"

#include "forward/delivery/backoff.h"
#include "forward/delivery/batch.h"
#include "forward/http.h"
#include "forward/target_store.h"

namespace eventlog::forward {

class Target {
  public:
    Target(Http& http, Declaration declaration);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    // Takes what the catalog says now. A changed target tries again at once; a moved cursor drops the batch.
    void declare(Declaration declaration);

    // Does what can be done now: takes an answer, settles, claims, sends.
    void work(int64_t now_ms);

    // Milliseconds on the worker's clock at which `work` has something to do without being woken; -1: only
    // when woken.
    int64_t due_ms() const;

    const std::string& name() const { return declared_.name; }
    Oid server() const { return declared_.server; }
    bool paused() const { return declared_.paused || !declared_.invalid.empty(); }
    Selection events() const { return declared_.options.events; }
    bool under_way() const { return request_.under_way(); }

  private:
    bool may_send() const;
    void take_answer(const Answer& answer, int64_t now_ms);
    void advance(int64_t now_ms);
    bool settle(read::Cursor& cursor);
    std::optional<Batch> claim(read::Cursor& cursor, int64_t now_ms);
    bool selects(const event::StoredRow& row) const;
    size_t encode(const read::Piece& piece, size_t min_events, size_t max_events, Batch& batch) const;
    void add_companion(read::Cursor ahead, const std::optional<ids::Uuid>& last, Batch& batch);
    bool lingers(const Batch& batch, int64_t now_ms);
    void store_skipped(read::Cursor& cursor, int64_t now_ms);
    void send();
    void drop_batch();
    void stop(TargetState state, const std::string& error, int64_t pause_ms, int64_t now_ms);
    void run_again();

    Http& http_;
    Declaration declared_;
    read::Cursor cursor_;
    std::optional<Batch> batch_;
    ids::Uuid batch_last_id_{};  // position once the batch is settled
    bool batch_ends_window_ = false;
    TimestampTz batch_claimed_at_ = 0;
    std::optional<ids::Uuid> companion_;  // event of the batch that is not settled with it
    HttpRequest request_;
    Backoff backoff_;
    TargetState state_ = TargetState::running;
    bool shows_trouble_ = false;  // eventlog.targets says something else than `running`
    bool redefined_ = false;      // the definition has changed while a request was under way
    bool passed_ = false;         // the endpoint has taken an event since it last refused one that came alone
    int64_t next_attempt_ms_ = 0;
    int64_t more_at_ms_ = -1;  // when to claim again without being woken; -1: when woken
    int64_t linger_until_ms_ = -1;
    size_t skipped_rows_ = 0;  // read since the cursor was stored, none of them for this target
    int64_t skipped_since_ms_ = 0;
};

}  // namespace eventlog::forward
