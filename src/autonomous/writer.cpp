#include "autonomous/writer.h"

#include "autonomous/message.h"
#include "autonomous/queue.h"
#include "ingest/pipeline.h"
#include "pg/clock.h"
#include "pg/transaction.h"
#include "store/catalog.h"
#include "logs/events.h"
#include "store/insert.h"

namespace eventlog::autonomous {
namespace {

// A caller may hold the lock that the worker waits for, and the server cannot detect that deadlock.
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
    prepared.has_key = message.key.has_value();
    if (message.key) prepared.key = {message.key->key, message.key->payload, message.key->window_seconds};
    return prepared;
}

Answer write_one(store::Insertion& insertion, Ticket ticket) {
    store::KeyClaim claim = ingest::write_prepared(insertion, prepared_of(decode(read(ticket))));
    Answer answer{};
    answer.claim = claim.outcome;
    answer.first = claim.first;
    answer.same_payload = claim.same_payload;
    answer.owner = claim.owner;
    return answer;
}

void write_rows(std::span<Ticket> tickets, std::span<Answer> results) {
    pg::limit_lock_waits(kLockTimeout);
    if (!store::lock_extension(AccessShareLock))
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("extension eventlog is being dropped from this database"));
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

// Returns whether an error concerns all events, not a single one: a lock, the disk or memory could not be
// had, or the session is about to end.
bool concerns_all(int sqlstate) {
    if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE) return true;
    for (int category :
         {ERRCODE_INSUFFICIENT_RESOURCES, MAKE_SQLSTATE('5', '7', '0', '0', '0'), ERRCODE_SYSTEM_ERROR})
        if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(category)) return true;
    return false;
}

void refuse_all(std::span<Ticket> tickets, const ErrorData* error) {
    Refusal refusal{error->message, error->detail, error->hint, error->column_name, error->constraint_name};
    if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
        refusal = {
            .message = "autonomous event was not written: the log is locked",
            .detail = psprintf("The limit is %s for a lock, which the caller's own transaction may hold.",
                               kLockTimeout),
            .hint = "Log the event from a transaction that has not locked the log's tables.",
            .column = nullptr,
            .constraint = nullptr};
    for (Ticket& ticket : tickets) refuse(ticket, error->sqlerrcode, refusal);
}

// If one of several events cannot be written, tries each half in a transaction of its own, down to that
// event.
void write(std::span<Ticket> tickets, std::span<Answer> results) {
    try {
        return write_together(tickets, results);
    } catch (const pg::ServerError& error) {
        if (tickets.size() == 1 || concerns_all(error.data->sqlerrcode))
            return pg::call([&] { refuse_all(tickets, error.data); });
    }
    const size_t half = tickets.size() / 2;
    write(tickets.first(half), results.first(half));
    write(tickets.subspan(half), results.subspan(half));
}

}  // namespace

void serve() {
    if (is_empty()) return;
    {
        Group group;
        if (group.tickets().empty()) return;
        write(group.tickets(), std::span(answers).first(group.tickets().size()));
    }
    if (!is_empty()) pg::call([] { SetLatch(MyLatch); });
}

}  // namespace eventlog::autonomous
