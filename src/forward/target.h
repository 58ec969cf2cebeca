// One target at work: claims batches, sends them, settles them in order; and the state it is in. README.md of
// this folder has the table.
//
// A target owns its cursor, its requests and its pauses, and shares nothing with others but the HttpClient
// that moves the requests. All calls come from the worker's loop, with no transaction open.
#pragma once

#include "pg/server.h"

#include "forward/batch_source.h"
#include "forward/delivery/breaker.h"
#include "forward/delivery/request_size.h"
#include "forward/flight.h"
#include "forward/http_client.h"
#include "forward/target_store.h"

namespace eventlog::forward {

class Target {
  public:
    Target(HttpClient& http, Declaration declaration);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    // Takes what the catalog says now. A changed target tries again at once; a moved cursor drops its
    // batches.
    void declare(Declaration declaration);

    // Does what can be done now: takes answers, settles, claims, sends. False when somebody has moved its
    // cursor, so that the catalog is to be read again. `look`: the log may have news.
    bool work(int64_t now_ms, bool look);

    // When, in pg::monotonic_ms(), `work` has something to do without being woken; -1: only
    // when woken.
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
    void report_left_out(const Judgement& judgement);
    std::vector<Flight*> all_flights() const;
    void take_answer(Flight& flight, const Answer& answer, int64_t now_ms);
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
    void stop(TargetState state, const std::string& error, int64_t now_ms);
    template <typename Enter>
    void trouble(const std::string& error, Enter enter);
    void took_events(int64_t sent_ms);
    void run_again();

    HttpClient& http_;
    Declaration declared_;
    follow::Cursor cursor_;
    BatchSource source_;
    std::deque<std::unique_ptr<Flight>> flights_;  // in the log's order
    std::unique_ptr<Flight> redrive_;              // dead letters, beside them
    Breaker breaker_;
    RequestSize request_size_;
    bool shows_trouble_ = false;  // eventlog.targets says something else than `running`
    bool redefined_ = false;      // what is encoded holds no longer; a request was under way
    uint64_t seen_erasures_ = 0;  // what is encoded was read after them
    bool passed_ = false;         // the endpoint has taken an event since it last refused one that came alone
    int shown_in_flight_ = 0;
    bool looks_ = true;  // the log may hold what has not been read
    int64_t sql_failed_until_ms_ = 0;
    Backoff redrive_backoff_;  // of dead letters that fail where the log's events may pass
    int64_t redrive_after_ms_ = 0;
};

}  // namespace eventlog::forward
