#include "forward/target.h"

#include "event/validate.h"
#include "forward/compress.h"
#include "forward/sql_transaction.h"
#include "pg/boundary.h"
#include "settings.h"
#include "shared_state.h"
#include "store/columns.h"

namespace eventlog::forward {
namespace {

constexpr const char* kKind = "target";
constexpr int64_t kErrorPauseMs = 1000;
constexpr int kPiecesAtOnce = 20;  // read before other targets get their turn
constexpr int kProbePieces = 200;  // read in search of a second event
constexpr size_t kProbeRows = 5000;
constexpr size_t kProbeEvents = 10;
constexpr size_t kStoreAfterSkipped = 10000;
constexpr int64_t kStoreSkippedAfterMs = 60000;

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

bool is_flagged(const event::StoredRow& row) {
    auto envelope = row.metadata.find(event::kReservedKey);
    if (!envelope || envelope->kind != jsonb::Kind::object) return false;
    auto flag = envelope->container().find("forwardToStatsig");
    return flag && flag->kind == jsonb::Kind::boolean && flag->boolean;
}

// `text` with stars for the secret: an endpoint may repeat what it was sent.
std::string without(const std::string& secret, std::string text) {
    constexpr std::string_view kStars = "***";
    if (secret.empty()) return text;
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kStars.size())
        text.replace(at, secret.size(), kStars);
    return text;
}

// What an answer says in one line, for last_error.
std::string describe(const Answer& answer) {
    if (answer.status == 0) return answer.error.empty() ? "no answer" : answer.error;
    return "the endpoint answered " + std::to_string(answer.status);
}

void log_state(const std::string& target, TargetState state, const std::string& why) {
    pg::call([&] {
        ereport(LOG, errmsg("eventlog: target \"%s\" is %s", target.c_str(), name_of(state)),
                why.empty() ? 0 : errdetail_internal("%s.", why.c_str()));
    });
}

}  // namespace

Target::Target(Http& http, Declaration declaration)
    : http_(http),
      declared_(std::move(declaration)),
      cursor_(declared_.cursor),
      shows_trouble_(declared_.shows_trouble) {}

Target::~Target() {
    drop_batch();
}

void Target::declare(Declaration declaration) {
    bool moved = declaration.cursor.win != cursor_.win;
    bool changed = declaration.options != declared_.options || declaration.paused != declared_.paused;
    shows_trouble_ = declaration.shows_trouble;
    declared_ = std::move(declaration);
    if (moved) {
        drop_batch();
        cursor_ = declared_.cursor;
    }
    // A batch is encoded for one definition; one under way is let finish.
    if (request_.open())
        redefined_ = redefined_ || changed;
    else if (changed && batch_ && batch_->pending())
        drop_batch();
    if (changed || (!shows_trouble_ && state_ != TargetState::running)) {
        state_ = TargetState::running;
        next_attempt_ms_ = 0;
        backoff_.succeeded();
    }
}

void Target::drop_batch() {
    http_.abort(request_);
    shared::set_in_flight(declared_.server, 0);
    batch_.reset();
    redefined_ = false;
}

bool Target::may_send() const {
    return !paused() && settings::forwarding;
}

int64_t Target::due_ms() const {
    if (request_.under_way()) return -1;
    if (batch_ && !batch_->pending()) return next_attempt_ms_;
    if (!may_send()) return -1;
    if (batch_ || state_ != TargetState::running) return next_attempt_ms_;
    return more_at_ms_;
}

void Target::work(int64_t now_ms) {
    Answer answer;
    if (request_.take_answer(answer)) {
        shared::set_in_flight(declared_.server, 0);
        take_answer(answer, now_ms);
    }
    if (!declared_.invalid.empty() && state_ != TargetState::refused)
        stop(TargetState::refused, declared_.invalid, settings::max_retry_interval, now_ms);
    if (request_.under_way() || now_ms < next_attempt_ms_) return;
    // What has been sent is settled even where nothing more may be sent.
    bool settles = batch_ && !batch_->pending();
    if (!settles && !may_send()) return;
    if (!batch_ || settles) {
        try {
            advance(now_ms);
        } catch (const pg::ServerError& error) {
            pg::log_error(error, declared_.name.c_str());
            next_attempt_ms_ = now_ms + kErrorPauseMs;
            return;
        }
    }
    if (batch_ && batch_->pending() && may_send()) send();
}

void Target::take_answer(const Answer& answer, int64_t now_ms) {
    Judgement judgement =
        answer.status == 0 ? Judgement{} : batch_->format().judge(answer.status, answer.body);
    Verdict verdict = judgement.verdict;
    batch_->answered(judgement, answer.status, without(declared_.options.api_key, answer.body));
    BackoffLimits limits = backoff_limits();
    switch (verdict) {
        case Verdict::accepted:
            passed_ = true;
            run_again();
            break;
        case Verdict::event_refused:
        case Verdict::too_large:
            if (!batch_->wholly_refused()) break;
            if (passed_ && batch_->refused_by_endpoint().size() == 1) {
                passed_ = false;
                run_again();
                break;
            }
            batch_.reset();
            stop(TargetState::refused, describe(answer) + " to every event of a batch",
                 backoff_.when_stopped(limits, random_bits()), now_ms);
            break;
        case Verdict::retry:
            stop(TargetState::waiting, describe(answer),
                 backoff_.after_failure(limits, answer.retry_after_ms, random_bits()), now_ms);
            break;
        case Verdict::unauthorized:
            stop(TargetState::unauthorized, describe(answer), backoff_.when_stopped(limits, random_bits()),
                 now_ms);
            break;
        case Verdict::wrong_address:
            stop(TargetState::refused, describe(answer), backoff_.when_stopped(limits, random_bits()),
                 now_ms);
            break;
    }
    if (redefined_ && batch_ && batch_->pending()) batch_.reset();
    // What the endpoint has against a definition that holds no longer is no reason to wait.
    if (redefined_ && !batch_) {
        state_ = TargetState::running;
        next_attempt_ms_ = 0;
    }
    redefined_ = false;
}

void Target::stop(TargetState state, const std::string& error, int64_t pause_ms, int64_t now_ms) {
    next_attempt_ms_ = now_ms + pause_ms;
    bool news = state != state_;
    state_ = state;
    try {
        if (news) log_state(declared_.name, state, error);
        LogTransaction transaction;
        record_state(declared_.name, state, error, pause_ms);
        transaction.commit();
        shows_trouble_ = true;
    } catch (const pg::ServerError& failure) {
        pg::log_error(failure, declared_.name.c_str());
    }
}

void Target::run_again() {
    backoff_.succeeded();
    next_attempt_ms_ = 0;
    if (state_ != TargetState::running) log_state(declared_.name, TargetState::running, "");
    state_ = TargetState::running;
}

// Settles what has been sent and claims what comes next, in one transaction.
void Target::advance(int64_t now_ms) {
    more_at_ms_ = -1;
    read::Cursor cursor = cursor_;
    std::optional<Batch> next;
    bool settled = true;
    {
        LogTransaction transaction;
        if (batch_) settled = settle(cursor);
        if (settled) {
            if (shows_trouble_ && state_ == TargetState::running) record_running(declared_.name);
            if (may_send()) next = claim(cursor, now_ms);
            transaction.commit();
        }
    }
    batch_ = std::move(next);
    if (!settled) return;
    cursor_ = std::move(cursor);
    shows_trouble_ = shows_trouble_ && state_ != TargetState::running;
    // What the trouble was about is gone (its partition was dropped, say).
    if (!batch_ && more_at_ms_ < 0 && declared_.invalid.empty()) run_again();
}

bool Target::settle(read::Cursor& cursor) {
    bury(declared_.name, batch_->refused_by_encoder(), batch_claimed_at_);
    std::vector<RefusedEvent> refused = batch_->refused_by_endpoint();
    std::erase_if(refused, [this](const RefusedEvent& event) { return event.event_id == companion_; });
    bury(declared_.name, refused, batch_claimed_at_);
    if (!read::store_position(kKind, declared_.name.c_str(), cursor, batch_last_id_, batch_ends_window_,
                              static_cast<int64_t>(batch_->accepted())))
        return false;
    cursor.last_id = batch_last_id_;
    cursor.settled = true;
    if (batch_ends_window_) cursor.next_window();
    return true;
}

bool Target::selects(const event::StoredRow& row) const {
    return declared_.options.events == Selection::all || is_flagged(row);
}

// Adds the rows that the target selects to the batch until it is full; the number of rows looked at.
size_t Target::encode(const read::Piece& piece, size_t min_events, size_t max_events, Batch& batch) const {
    const TargetOptions& options = declared_.options;
    Encoded encoded;
    size_t rows = 0;
    for (const event::StoredRow& row : piece.rows) {
        bool heavy = batch.bytes() >= static_cast<size_t>(options.batch_bytes);
        if (batch.size() >= max_events || (heavy && batch.size() >= min_events)) break;
        rows++;
        if (!selects(row)) continue;
        encoded.clear();
        if (auto refusal = options.format->encode(encoded, row, options.encode))
            batch.refuse(row.event_id, *refusal);
        else
            batch.add(row.event_id, encoded);
    }
    return rows;
}

// Reads on to the next event that the target selects, and makes a batch from there. A refused target is tried
// with two events at least, where the log has them: one bad event must not stand alone.
std::optional<Batch> Target::claim(read::Cursor& cursor, int64_t now_ms) {
    bool probing = state_ == TargetState::refused;
    // Nothing of the window has been settled: it may as well reach further.
    if (probing && cursor.to && !cursor.settled) cursor.to.reset();
    size_t min_events = probing ? 2 : 1;
    size_t batch_events = static_cast<size_t>(declared_.options.batch_events);
    size_t max_events = probing ? std::max(batch_events, kProbeEvents) : batch_events;
    size_t max_rows = probing ? std::max(max_events, kProbeRows) : max_events;
    Batch batch(*declared_.options.format);
    read::Cursor ahead = cursor;
    read::Cursor before = cursor;
    for (int pieces = 0; pieces < (probing ? kProbePieces : kPiecesAtOnce); pieces++) {
        if (batch.empty()) before = ahead;
        read::Piece piece = read::next_piece(ahead, max_rows);
        if (piece.nothing()) {
            cursor = std::move(ahead);
            store_skipped(cursor, now_ms);
            return std::nullopt;
        }
        // The cursor stays before the first event of the batch until that is settled.
        if (batch.empty()) cursor = ahead;
        size_t rows = encode(piece, min_events, max_events, batch);
        if (rows > 0) ahead.last_id = piece.rows[rows - 1].event_id;
        bool ends_window = piece.ends_window && rows == piece.rows.size();
        if (batch.empty()) {
            if (skipped_rows_ == 0) skipped_since_ms_ = now_ms;
            skipped_rows_ += rows;
            if (ends_window) ahead.next_window();
            cursor = ahead;
            continue;
        }
        if (probing && batch.size() < min_events && !ends_window && pieces + 1 < kProbePieces) continue;
        if (!cursor.stored) {
            if (lingers(batch, now_ms)) {
                cursor = std::move(before);
                return std::nullopt;
            }
            if (!read::store_window(kKind, declared_.name.c_str(), cursor)) return std::nullopt;
            // Commits that the window saw must be on disk before the endpoint hears of them.
            pg::call([] { ForceSyncCommit(); });
            skipped_rows_ = 0;
        }
        batch_last_id_ = ahead.last_id.value();
        batch_ends_window_ = ends_window;
        std::optional<ids::Uuid> last_companion = std::exchange(companion_, std::nullopt);
        if (probing && ends_window && cursor.settled) add_companion(std::move(ahead), last_companion, batch);
        batch.freeze(batch_events);
        batch_claimed_at_ = GetCurrentTimestamp();
        return batch;
    }
    more_at_ms_ = now_ms;
    return std::nullopt;
}

// The end of a window of which others have been settled cannot be opened further. To learn whether its events
// or the target are at fault, one event of the next window goes with them, each time another, and is sent
// again in its own turn.
void Target::add_companion(read::Cursor ahead, const std::optional<ids::Uuid>& last, Batch& batch) {
    ahead.next_window();
    Encoded encoded;
    for (int pieces = 0; pieces < kProbePieces; pieces++) {
        read::Piece piece = read::next_piece(ahead, kProbeRows);
        for (const event::StoredRow& row : piece.rows) {
            ahead.last_id = row.event_id;
            if (!selects(row) || (last && row.event_id <= *last)) continue;
            encoded.clear();
            if (declared_.options.format->encode(encoded, row, declared_.options.encode)) continue;
            batch.add(row.event_id, encoded);
            companion_ = row.event_id;
            // Its commit must be on disk, as if its window had been stored.
            pg::call([] { XLogFlush(GetXLogInsertRecPtr()); });
            return;
        }
        if (piece.ends_window || piece.nothing()) return;
    }
}

// Whether to wait for more events before a batch that is not full is sent.
bool Target::lingers(const Batch& batch, int64_t now_ms) {
    const TargetOptions& options = declared_.options;
    bool full = batch.size() >= static_cast<size_t>(options.batch_events) ||
                batch.bytes() >= static_cast<size_t>(options.batch_bytes);
    if (options.linger_ms > 0 && !full) {
        if (linger_until_ms_ < 0) linger_until_ms_ = now_ms + options.linger_ms;
        if (now_ms < linger_until_ms_) {
            more_at_ms_ = linger_until_ms_;
            return true;
        }
    }
    linger_until_ms_ = -1;
    return false;
}

// Rows that the target does not select cost no write each; now and then the cursor is stored behind them.
void Target::store_skipped(read::Cursor& cursor, int64_t now_ms) {
    if (skipped_rows_ == 0 || cursor.to) return;
    if (skipped_rows_ < kStoreAfterSkipped && now_ms - skipped_since_ms_ < kStoreSkippedAfterMs) return;
    read::store_window(kKind, declared_.name.c_str(), cursor);
    skipped_rows_ = 0;
}

void Target::send() {
    const TargetOptions& options = declared_.options;
    const Format& format = *options.format;
    std::string token = batch_->token();
    Attempt attempt{GetCurrentTimestamp() + store::kEpochDifference, token};
    std::string body;
    batch_->body(body, attempt);
    std::vector<std::string> headers{"Content-Type: " + std::string(format.content_type), "Expect:"};
    headers.insert(headers.end(), batch_->headers().begin(), batch_->headers().end());
    if (format.add_headers != nullptr) format.add_headers(headers, attempt);
    if (!options.api_key.empty())
        headers.push_back(std::string(format.key_header.name) + ": " + std::string(format.key_header.prefix) +
                          options.api_key);
    if (options.compresses()) {
        std::string packed;
        if (gzip(body, packed)) {
            body = std::move(packed);
            headers.emplace_back("Content-Encoding: gzip");
        }
    }
    std::string url = endpoint_of(options);
    if (format.complete_url != nullptr) format.complete_url(url, attempt);
    request_.set(url, headers, std::move(body), options.timeout_ms);
    http_.start(request_);
    shared::set_in_flight(declared_.server, 1);
}

}  // namespace eventlog::forward
