#include "forward/target.h"

#include "forward/erasures.h"
#include "store/log_transaction.h"
#include "pg/boundary.h"
#include "settings.h"
#include "runtime/gauges.h"

namespace eventlog::forward {
namespace {

constexpr int64_t kErrorPauseMs = 1000;

// Returns the answer in one line, for last_error.
std::string describe(const Answer& answer, const Judgement& judgement) {
    if (answer.not_allowed) return "eventlog.allowed_hosts does not allow the host or its address";
    if (answer.status == 0) return answer.error.empty() ? "no answer" : answer.error;
    std::string text = "the endpoint answered " + std::to_string(answer.status);
    if (judgement.verdict == Verdict::retry && !judgement.note.empty()) text += " with " + judgement.note;
    return text;
}

}  // namespace

Target::Target(HttpClient& http, Declaration declaration)
    : http_(http),
      declared_(std::move(declaration)),
      cursor_(declared_.cursor),
      condition_(declared_),
      seen_erasures_(erasures()) {}

Target::~Target() {
    drop_flights();
}

void Target::declare(Declaration declaration) {
    bool moved = declaration.cursor.window_number != cursor_.window_number;
    bool changed = declaration.options != declared_.options || declaration.paused != declared_.paused;
    bool resumed = condition_.resumed(declaration.shows_trouble);
    declared_ = std::move(declaration);
    if (moved) {
        drop_flights();
        cursor_ = declared_.cursor;
    }
    // Batches are encoded for one definition, so they are read again. A request under way is allowed to
    // finish.
    if (changed) redefined_ = true;
    if (redefined_ && under_way() == 0) leave_definition();
    looks_ = looks_ || moved || changed || resumed;
    if (!changed && !resumed) return;
    condition_.breaker().reset();
    redrive_backoff_.succeeded();
    redrive_after_ms_ = 0;
}

// Drops everything that was read for an outdated definition, from the first batch on that has not been
// answered.
void Target::leave_definition() {
    auto first =
        std::find_if(flights_.begin(), flights_.end(), [](const auto& flight) { return !flight->is_done(); });
    flights_.erase(first, flights_.end());
    if (redrive_ != nullptr && !redrive_->is_done()) redrive_.reset();
    source_.forget();
    request_size_ = {};
    redefined_ = false;
}

// If events were erased, makes batches that have been encoded but not sent be read again. A request under way
// cannot be recalled.
void Target::note_erasures() {
    const uint64_t heard = erasures();
    if (std::exchange(seen_erasures_, heard) == heard) return;
    redefined_ = looks_ = true;
    if (under_way() == 0) leave_definition();
}

void Target::drop_flights() {
    flights_.clear();
    redrive_.reset();
    source_.forget();
    show_in_flight();
    redefined_ = false;
}

// Drops a batch that was refused as a whole, and the batches behind it.
void Target::drop_from(const Flight& refused) {
    auto first = std::find_if(flights_.begin(), flights_.end(),
                              [&refused](const auto& flight) { return flight.get() == &refused; });
    flights_.erase(first, flights_.end());
    source_.forget();
}

bool Target::may_send() const {
    return !paused() && settings::forwarding && !redefined_;
}

// Returns how many batches may be under way at once.
size_t Target::slots() const {
    return may_send() ? static_cast<size_t>(condition_.breaker().allowed(declared_.options.max_in_flight))
                      : 0;
}

// Returns whether another batch may be read, which is only the case if it may be sent together with the
// others.
bool Target::has_slot() const {
    return all_flights().size() < slots();
}

bool Target::may_claim() const {
    // The next window is opened after everything in this one has been settled.
    bool open = flights_.empty() || (flights_.back()->claimed().end.to && !source_.ends_window());
    bool worth = looks_ || source_.more_at_ms() >= 0 || condition_.state() != TargetState::running;
    return open && worth && has_slot();
}

// Returns whether dead letters are to be sent again by then. A `refused` target is tried with the log's own
// events instead.
bool Target::redrives(int64_t now_ms) const {
    return declared_.redrives && redrive_ == nullptr && condition_.state() != TargetState::refused &&
           now_ms >= redrive_after_ms_;
}

std::vector<Flight*> Target::all_flights() const {
    std::vector<Flight*> all;
    if (redrive_ != nullptr) all.push_back(redrive_.get());
    for (const auto& flight : flights_) all.push_back(flight.get());
    return all;
}

int Target::under_way() const {
    auto all = all_flights();
    return static_cast<int>(
        std::count_if(all.begin(), all.end(), [](Flight* flight) { return flight->under_way(); }));
}

bool Target::is_waiting() const {
    auto all = all_flights();
    return std::any_of(all.begin(), all.end(), [](Flight* flight) { return flight->waits(); });
}

int64_t Target::due_ms() const {
    int64_t due = INT64_MAX;
    int64_t next_attempt = std::max(sql_failed_until_ms_, condition_.breaker().next_attempt_ms());
    if (may_settle()) due = sql_failed_until_ms_;
    if (may_send() && is_waiting() &&
        under_way() < condition_.breaker().allowed(declared_.options.max_in_flight))
        due = std::min(due, next_attempt);
    if (may_claim()) {
        if (source_.more_at_ms() >= 0)
            due = std::min(due, std::max(source_.more_at_ms(), next_attempt));
        else if (flights_.empty() && condition_.state() != TargetState::running && !declared_.redrives)
            due = std::min(due, next_attempt);
    }
    if (redrives(INT64_MAX) && has_slot()) due = std::min(due, std::max(next_attempt, redrive_after_ms_));
    return due == INT64_MAX ? -1 : due;
}

bool Target::work(int64_t now_ms, bool look) {
    looks_ = looks_ || look;
    note_erasures();
    Answer answer;
    Judgement judgement;
    if (redrive_ != nullptr && redrive_->take_answer(answer, judgement))
        take_answer(*redrive_, answer, judgement, now_ms);
    // An answer may drop all flights.
    for (size_t i = 0; i < flights_.size(); i++)
        if (flights_[i]->take_answer(answer, judgement)) take_answer(*flights_[i], answer, judgement, now_ms);
    if (redefined_ && under_way() == 0) leave_definition();
    if (!declared_.invalid.empty() && condition_.state() != TargetState::refused)
        condition_.stops(TargetState::refused, declared_.invalid, now_ms);
    if (now_ms < sql_failed_until_ms_) return true;
    bool claims = may_claim() || (redrives(now_ms) && has_slot());
    if (may_settle() || (claims && now_ms >= condition_.breaker().next_attempt_ms())) {
        try {
            if (!advance(now_ms)) {
                drop_flights();
                sql_failed_until_ms_ = now_ms + kErrorPauseMs;
                return false;
            }
        } catch (const pg::ServerError& error) {
            pg::log_error(error, declared_.name.c_str());
            source_.forget();
            looks_ = true;
            sql_failed_until_ms_ = now_ms + kErrorPauseMs;
            return true;
        }
    }
    // If the transaction noticed an erasure, the next turn reads the batches again before anything is sent.
    if (may_send() && seen_erasures_ == erasures()) send(now_ms);
    show_in_flight();
    return true;
}

// Batches that were sent are settled even if nothing more may be sent.
bool Target::may_settle() const {
    return (!flights_.empty() && flights_.front()->is_done()) || (redrive_ != nullptr && redrive_->is_done());
}

void Target::show_in_flight() {
    if (std::exchange(shown_in_flight_, under_way()) != shown_in_flight_)
        runtime::set_in_flight(declared_.server, static_cast<uint32_t>(shown_in_flight_));
}

void Target::take_answer(Flight& flight, const Answer& answer, Judgement judgement, int64_t now_ms) {
    const bool obsolete = redefined_;
    const int64_t sent_ms = flight.sent_ms();
    Batch& batch = flight.batch();
    const size_t events = batch.range_size();
    if (answer.not_allowed) judgement.verdict = Verdict::wrong_address;
    batch.answered(judgement, answer.status, answer.body);
    switch (judgement.verdict) {
        case Verdict::accepted:
            passed_ = true;
            if (&flight == redrive_.get()) redrive_backoff_.succeeded();
            request_size_.accepted();
            condition_.took_events(sent_ms);
            if (judgement.rejected > 0) condition_.left_out(judgement);
            break;
        case Verdict::event_refused:
        case Verdict::too_large:
            if (judgement.verdict == Verdict::too_large && events > 1) request_size_.too_large(events);
            // Dead letters have been refused before, so another refusal says nothing about the target.
            if (&flight == redrive_.get() || !refused_wholly(flight)) break;
            drop_from(flight);
            condition_.stops(TargetState::refused, describe(answer, judgement) + " to every event of a batch",
                             now_ms);
            break;
        case Verdict::retry:
            condition_.waits(describe(answer, judgement), answer, sent_ms, now_ms);
            break;
        case Verdict::unauthorized:
            condition_.stops(TargetState::unauthorized, describe(answer, judgement) + missing_key(declared_),
                             now_ms);
            break;
        case Verdict::wrong_address:
            condition_.stops(TargetState::refused, describe(answer, judgement), now_ms);
            break;
    }
    if (judgement.verdict == Verdict::retry && &flight == redrive_.get()) put_off_redrive(now_ms);
    // An objection of the endpoint to an outdated definition is no reason to wait.
    if (obsolete && judgement.verdict != Verdict::accepted) condition_.breaker().reset();
}

// Dead letters that fail must not block the log's own events. They stay marked and are tried later.
void Target::put_off_redrive(int64_t now_ms) {
    redrive_.reset();
    redrive_after_ms_ = now_ms + redrive_backoff_.after_failure(backoff_limits(), 0, random_bits());
}

// Returns whether the endpoint refused everything that it was sent of a batch, so that the target may be at
// fault. A lone event does not count if the endpoint has taken another event since it last refused a lone
// one.
bool Target::refused_wholly(const Flight& flight) {
    const Batch& batch = flight.claimed().batch;
    if (!batch.wholly_refused()) return false;
    if (!passed_ || batch.refused_by_endpoint().size() != 1) return true;
    passed_ = false;
    condition_.took_events(flight.sent_ms());
    return false;
}

// Settles the batches that were sent and claims the next ones in one transaction. Returns false if another
// session has moved the cursor.
bool Target::advance(int64_t now_ms) {
    follow::Cursor cursor = cursor_;
    size_t settled = 0;
    std::vector<std::unique_ptr<Flight>> claimed;
    std::unique_ptr<Flight> redrive;
    bool redriven = false;
    {
        store::LogTransaction transaction;
        pg::call([] { pg::limit_lock_waits(); });
        for (; settled < flights_.size() && flights_[settled]->is_done(); settled++)
            if (!settle(*flights_[settled], cursor)) return false;
        redriven = settle_redrive();
        condition_.show();
        size_t left = flights_.size() - settled;
        size_t free = slots() - std::min(slots(), left + (redrive_ != nullptr && !redriven ? 1 : 0));
        // Dead letters and the log's own events alternate. While the target is in trouble, the log's own
        // events go first.
        const bool log_first = condition_.state() != TargetState::running;
        const auto claim_redriven = [&] {
            if (free == 0 || !redrives(now_ms) || redriven) return;
            if (auto batch = BatchSource::next_redriven(declared_)) redrive = launch(std::move(*batch));
            declared_.redrives = redrive != nullptr;
            free -= redrive != nullptr ? 1 : 0;
        };
        if (!log_first) claim_redriven();
        for (; free > 0; free--) {
            const Flight* last = !claimed.empty() ? claimed.back().get()
                                 : left > 0       ? flights_.back().get()
                                                  : nullptr;
            bool probe = condition_.state() == TargetState::refused;
            auto batch = source_.next(declared_, cursor, last != nullptr ? &last->claimed().end : nullptr,
                                      probe, now_ms);
            if (!batch) {
                looks_ = looks_ && last != nullptr;
                break;
            }
            claimed.push_back(launch(std::move(*batch)));
        }
        if (log_first) claim_redriven();
        transaction.commit();
    }
    cursor_ = std::move(cursor);
    flights_.erase(flights_.begin(), flights_.begin() + static_cast<ptrdiff_t>(settled));
    for (auto& flight : claimed) flights_.push_back(std::move(flight));
    if (redriven || redrive != nullptr) redrive_ = std::move(redrive);
    condition_.shown();
    // The events that caused the trouble are gone, for example because their partition was dropped.
    bool idle = all_flights().empty() && source_.more_at_ms() < 0 && !declared_.redrives;
    if (idle && declared_.invalid.empty() && may_send()) condition_.runs_again();
    return true;
}

std::unique_ptr<Flight> Target::launch(ClaimedBatch claimed) {
    claimed.batch.freeze(static_cast<size_t>(declared_.options.batch_events), request_size_.limit());
    return std::make_unique<Flight>(http_, std::move(claimed));
}

// Returns whether there were dead letters to settle.
bool Target::settle_redrive() {
    if (redrive_ == nullptr || !redrive_->is_done()) return false;
    const Batch& batch = redrive_->claimed().batch;
    settle_redriven(declared_.name, batch.taken(), batch.refused_by_endpoint());
    return true;
}

bool Target::settle(const Flight& flight, follow::Cursor& cursor) {
    const ClaimedBatch& claimed = flight.claimed();
    const Batch& batch = claimed.batch;
    store_dead_letters(declared_.name, batch.refused_by_encoder(), claimed.claimed_at);
    std::vector<RefusedEvent> refused = batch.refused_by_endpoint();
    const bool companion_refused = std::erase_if(refused, [&](const RefusedEvent& event) {
                                       return event.event_id == claimed.companion;
                                   }) > 0;
    const auto sent =
        static_cast<int64_t>(batch.accepted()) - (claimed.companion && !companion_refused ? 1 : 0);
    store_dead_letters(declared_.name, refused, claimed.claimed_at);
    remove_dead_letters(declared_.name, batch.taken());
    if (!follow::store_position(kTargetReader, declared_.name.c_str(), cursor, claimed.last_id,
                                claimed.ends_window, sent))
        return false;
    cursor = claimed.end;
    return true;
}

void Target::send(int64_t now_ms) {
    int free = condition_.breaker().allowed(declared_.options.max_in_flight) - under_way();
    for (Flight* flight : all_flights()) {
        if (free <= 0 || now_ms < condition_.breaker().next_attempt_ms()) return;
        if (!flight->waits()) continue;
        if (std::string problem; !flight->send(declared_.options, now_ms, problem))
            return condition_.stops(TargetState::unauthorized, problem, now_ms);
        condition_.breaker().sent(now_ms);
        free--;
    }
}

}  // namespace eventlog::forward
