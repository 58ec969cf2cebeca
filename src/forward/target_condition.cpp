#include "forward/target_condition.h"

#include "forward/delivery/batch.h"
#include "forward/delivery/reason.h"
#include "forward/quotations.h"
#include "pg/boundary.h"
#include "settings.h"
#include "store/log_transaction.h"

namespace eventlog::forward {
namespace {

void log_state(const std::string& target, TargetState state, const std::string& why) {
    pg::call([&] {
        ereport(LOG, errmsg("eventlog: target \"%s\" is %s", target.c_str(), name_of(state)),
                why.empty() ? 0 : errdetail_internal("%s.", why.c_str()));
    });
}

}  // namespace

uint64_t random_bits() {
    uint64_t bits = 0;
    if (!pg_strong_random(&bits, sizeof(bits))) bits = static_cast<uint64_t>(GetCurrentTimestamp());
    return bits;
}

BackoffLimits backoff_limits() {
    BackoffLimits limits;
    limits.longest_ms = settings::max_retry_interval;
    limits.first_ms = std::min(limits.first_ms, limits.longest_ms);
    return limits;
}

bool TargetCondition::resumed(bool shows_trouble) {
    return std::exchange(shows_trouble_, shows_trouble) && !shows_trouble;
}

void TargetCondition::waits(const std::string& error, const Answer& answer, int64_t sent_ms, int64_t now_ms) {
    if (answer.status == 429) breaker_.limited(sent_ms, now_ms);
    trouble(error, [&] {
        return breaker_.waits(sent_ms, answer.retry_after_ms, backoff_limits(), random_bits(), now_ms);
    });
}

void TargetCondition::stops(TargetState state, const std::string& error, int64_t now_ms) {
    trouble(error, [&] { return breaker_.stops(state, backoff_limits(), random_bits(), now_ms); });
}

// Records the state that `enter` gives the breaker. `enter` returns the pause until the next attempt.
template <typename Enter>
void TargetCondition::trouble(const std::string& error, Enter enter) {
    TargetState before = state();
    int64_t pause = enter();
    try {
        if (state() != before) log_state(declared_.name, state(), error);
        store::LogTransaction transaction;
        pg::call([] { pg::limit_lock_waits(); });
        record_state(declared_.name, state(), error, pause);
        transaction.commit();
        shows_trouble_ = true;
    } catch (const pg::ServerError& failure) {
        pg::log_error(failure, declared_.name.c_str());
    }
}

void TargetCondition::took_events(int64_t sent_ms) {
    TargetState before = state();
    if (breaker_.accepted(sent_ms) && before != TargetState::running)
        log_state(declared_.name, TargetState::running, "");
}

void TargetCondition::runs_again() {
    if (state() != TargetState::running) log_state(declared_.name, TargetState::running, "");
    breaker_.reset();
}

void TargetCondition::left_out(const Judgement& judgement) {
    try {
        store::LogTransaction transaction;
        pg::call([] { pg::limit_lock_waits(); });
        record_left_out(
            declared_.name, judgement.rejected,
            left_out_error(judgement.rejected, readable_text(judgement.note, Batch::kMaxReasonBytes)));
        transaction.commit();
    } catch (const pg::ServerError& failure) {
        pg::log_error(failure, declared_.name.c_str());
    }
}

void TargetCondition::show() {
    if (shows_trouble_ && state() == TargetState::running) record_running(declared_.name);
}

}  // namespace eventlog::forward
