// One target: it claims batches, sends them, settles them in order, and keeps its state. README.md of this
// folder has the table of the states.
//
// A target owns its cursor, its requests and its pauses. It shares only the HttpClient, which transfers the
// requests, with other targets. The worker calls all functions from its loop, outside of any transaction.
#pragma once

#include "pg/server.h"

#include "forward/batch_source.h"
#include "forward/delivery/request_size.h"
#include "forward/flight.h"
#include "forward/http_client.h"
#include "forward/target_condition.h"
#include "forward/target_store.h"

namespace eventlog::forward {

class Target {
  public:
    Target(HttpClient& http, Declaration declaration);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    // Applies a declaration read from the catalog. A changed target tries again at once; if the cursor was
    // moved, the batches are dropped.
    void declare(Declaration declaration);

    // Does everything that can be done now: takes answers, settles, claims and sends. Returns false if
    // another session has moved the cursor, so that the catalog must be read again. `look` is true if the log
    // may have new events.
    bool work(int64_t now_ms, bool look);

    // Returns the time, in pg::monotonic_ms(), at which `work` has something to do even if the worker is not
    // woken, or -1 if there is no such time.
    int64_t due_ms() const;

    const std::string& name() const { return declared_.name; }
    Oid server() const { return declared_.server; }
    bool paused() const { return declared_.paused || !declared_.invalid.empty(); }
    const Selection& events() const { return declared_.options.events; }

  private:
    bool may_send() const;
    bool may_claim() const;
    int under_way() const;
    bool is_waiting() const;
    bool may_settle() const;
    std::vector<Flight*> all_flights() const;
    void take_answer(Flight& flight, const Answer& answer, Judgement judgement, int64_t now_ms);
    bool refused_wholly(const Flight& flight);
    void leave_definition();
    void note_erasures();
    bool advance(int64_t now_ms);
    bool settle(const Flight& flight, follow::Cursor& cursor);
    bool settle_redrive();
    std::unique_ptr<Flight> launch(ClaimedBatch claimed);
    size_t slots() const;
    bool has_slot() const;
    bool redrives(int64_t now_ms) const;
    void send(int64_t now_ms);
    void drop_flights();
    void drop_from(const Flight& refused);
    void put_off_redrive(int64_t now_ms);
    void show_in_flight();

    HttpClient& http_;
    Declaration declared_;
    follow::Cursor cursor_;
    BatchSource source_;
    std::deque<std::unique_ptr<Flight>> flights_;  // in the log's order
    std::unique_ptr<Flight> redrive_;              // dead letters that are sent again
    TargetCondition condition_;
    RequestSize request_size_;
    bool redefined_ = false;      // encoded batches are outdated, and a request was under way
    uint64_t seen_erasures_ = 0;  // number of erasures before the encoded batches were read
    bool passed_ = false;         // the endpoint has taken an event since it last refused a lone one
    int shown_in_flight_ = 0;
    bool looks_ = true;  // the log may hold events that have not been read
    int64_t sql_failed_until_ms_ = 0;
    Backoff redrive_backoff_;  // for dead letters that fail while the log's own events may pass
    int64_t redrive_after_ms_ = 0;
};

}  // namespace eventlog::forward
