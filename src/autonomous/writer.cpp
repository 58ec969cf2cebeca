#include "autonomous/writer.h"

#include "autonomous/message.h"
#include "autonomous/queue.h"
#include "ingest/bisection.h"
#include "ingest/error_scope.h"
#include "ingest/pipeline.h"
#include "pg/clock.h"
#include "pg/transaction.h"
#include "store/catalog.h"
#include "logs/events.h"
#include "store/id_source.h"
#include "store/insert.h"

namespace eventlog::autonomous {
namespace {

// A caller may hold the lock that the worker waits for, and the server cannot detect that deadlock. The
// caller looks for it more often.
constexpr const char* kLockTimeout = "1s";

Answer answers[kGroupEvents];

// Puts unanswered events back when an error ends the group that no event has caused.
class Group {
  public:
    Group() : tickets_(pg::call([] { return take(); })) {}
    ~Group() {
        pg::internal::run_guarded([](void*) { give_back(); }, nullptr);
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    std::span<Ticket> tickets() const { return tickets_; }

  private:
    std::span<Ticket> tickets_;
};

ingest::Prepared prepared_of(const Message& message) {
    ingest::Prepared prepared{};
    prepared.stamped.row = message.row;
    prepared.stamped.metadata = reinterpret_cast<Jsonb*>(const_cast<char*>(message.metadata.data()));
    prepared.stamped.forward = message.forward;
    prepared.key = message.key;
    return prepared;
}

// Gives an event that has waited for too long the id and the times that it would have now.
void renew(store::Insertion& insertion, event::StoredRow& row) {
    CHECK_FOR_INTERRUPTS();
    const event::Micros now = pg::unix_micros_now();
    if (row.event_ts == row.ingested_at) row.event_ts = now;
    row.ingested_at = now;
    row.event_id = store::next_id(logs::kEvents, insertion.table, now);
}

Answer write_one(store::Insertion& insertion, Ticket ticket) {
    ingest::Prepared prepared = prepared_of(decode(read(ticket)));
    store::KeyClaim claim = ingest::write_prepared(insertion, prepared);
    while (claim.outcome == store::Claim::late) {
        renew(insertion, prepared.stamped.row);
        claim = ingest::write_prepared(insertion, prepared);
    }
    Answer answer{};
    answer.id = prepared.stamped.row.event_id;
    answer.claim = claim.outcome;
    answer.first = claim.first;
    answer.same_payload = claim.same_payload;
    answer.owner = claim.owner;
    return answer;
}

void write_rows(std::span<Ticket> tickets, std::span<Answer> results) {
    pg::limit_lock_waits(kLockTimeout);
    if (!store::lock_extension(AccessShareLock)) pg::refuse<rules::Rule::extension_dropped>({});
    store::Insertion insertion = logs::begin_events(pg::unix_millis_now());
    for (size_t i = 0; i < tickets.size(); i++) results[i] = write_one(insertion, tickets[i]);
    store::end_insertion(insertion);
    // The commit must be on disk before any caller is answered, even if the group only found an earlier event
    // with the same key. It does not wait for standbys; each caller decides that for itself.
    ForceSyncCommit();
    answer_at_commit(tickets, results);
}

void write_together(std::span<Ticket> tickets, std::span<Answer> results) {
    pg::Transaction transaction;
    pg::call([&] { write_rows(tickets, results); });
    transaction.commit();
}

// Refuses the events whose callers block the worker. The others are given back, and tried again.
void refuse_blocking(std::span<Ticket> tickets) {
    const pg::Error locked = pg::error_of(rules::violation<rules::Rule::autonomous_locked>({}));
    const Refusal refusal{locked.message.c_str(), locked.detail.c_str(), locked.hint.c_str(), nullptr,
                          locked.constraint.c_str()};
    pg::call([&] {
        for (Ticket& ticket : tickets)
            if (is_blocking(ticket)) refuse(ticket, locked.sqlstate, refusal);
    });
}

void refuse_all(std::span<Ticket> tickets, const ErrorData* error) {
    if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE) return refuse_blocking(tickets);
    const Refusal refusal{error->message, error->detail, error->hint, error->column_name,
                          error->constraint_name};
    pg::call([&] {
        for (Ticket& ticket : tickets) refuse(ticket, error->sqlerrcode, refusal);
    });
}

// Writes them in a transaction of their own; false where they fail for the sake of one that is to be found.
// An error that only this transaction has met, the halves' own may not.
bool write_or_refuse(std::span<Ticket> tickets) {
    try {
        write_together(tickets, std::span(answers).first(tickets.size()));
    } catch (const pg::ServerError& error) {
        if (tickets.size() > 1 && ingest::scope_of(error.data->sqlerrcode) != ingest::ErrorScope::server)
            return false;
        refuse_all(tickets, error.data);
    }
    return true;
}

}  // namespace

void serve() {
    if (is_empty()) return;
    {
        Group group;
        if (group.tickets().empty()) return;
        ingest::bisect(group.tickets(), write_or_refuse);
    }
    if (!is_empty()) pg::call([] { SetLatch(MyLatch); });
}

}  // namespace eventlog::autonomous
