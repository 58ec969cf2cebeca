// The condition of one target: its circuit breaker, and the record of it in eventlog.targets and in the
// server log.
#pragma once

#include "pg/server.h"

#include "forward/delivery/breaker.h"
#include "forward/http_request.h"
#include "forward/target_store.h"

namespace eventlog::forward {

// Returns the limits that the settings give a backoff.
BackoffLimits backoff_limits();

uint64_t random_bits();

// Call the functions outside of any transaction unless they say otherwise.
class TargetCondition {
  public:
    // `declared` must outlive the object.
    explicit TargetCondition(const Declaration& declared)
        : declared_(declared), shows_trouble_(declared.shows_trouble) {}

    Breaker& breaker() { return breaker_; }
    const Breaker& breaker() const { return breaker_; }
    TargetState state() const { return breaker_.state(); }

    // Takes what eventlog.targets shows now. Returns whether somebody has ended the trouble that it showed.
    bool resumed(bool shows_trouble);

    // Waits because the request that was sent at `sent_ms` failed.
    void waits(const std::string& error, const Answer& answer, int64_t sent_ms, int64_t now_ms);
    // Enters the state `unauthorized` or `refused`.
    void stops(TargetState state, const std::string& error, int64_t now_ms);
    // Records that the endpoint took events that were sent at `sent_ms`.
    void took_events(int64_t sent_ms);
    // Returns to the initial state, because nothing is left that could be tried.
    void runs_again();
    void left_out(const Judgement& judgement);

    // Records in the caller's transaction that the trouble is over, if it is. Call `shown` after the commit.
    void show();
    void shown() { shows_trouble_ = shows_trouble_ && state() != TargetState::running; }

  private:
    template <typename Enter>
    void trouble(const std::string& error, Enter enter);

    const Declaration& declared_;
    Breaker breaker_;
    bool shows_trouble_;  // the state in eventlog.targets is not `running`
};

}  // namespace eventlog::forward
