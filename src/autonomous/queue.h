// The queue of autonomous events in shared memory. Callers put events into it and wait; the worker of the
// database takes the events, writes them and answers.
//
//     caller: enqueue, wake_writer, progress until answered (or withdraw, or returned), read_answer, leave
//     worker: take, read, then answer_at_commit inside the writing transaction, or refuse
//
// An entry belongs to its caller until the worker has taken it, then to the worker until it has answered. If
// the caller leaves while the worker has the entry, the worker frees it, so no process waits for a caller.
// All functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "autonomous/block_pool.h"
#include "ids/uuid7.h"
#include "store/idempotency.h"

namespace eventlog::autonomous {

using Ticket = BlockPool::Chain;
inline constexpr Ticket kNoTicket = BlockPool::kNone;

// The outcome for an event: the claim of its idempotency key, which decides whether its row was written, or
// the error that refused the event.
struct Answer {
    store::Claim claim;
    ids::Uuid id;          // the id under which the row was written
    ids::Uuid first;       // for `repeated`
    bool same_payload;     // for `repeated`
    TransactionId owner;   // for `pending`
    XLogRecPtr committed;  // end of the commit after which the answer is valid
    int sqlstate;          // error code of a refusal, otherwise 0
};

// The texts of a refusal, cut to the space in the entry. A null pointer means that the text is absent.
struct Refusal {
    const char* message;
    const char* detail;
    const char* hint;
    const char* column;
    const char* constraint;
};

enum class Progress : uint32_t { queued, taken, answered, returned };

// Requests the memory. _PG_init calls it while preloading.
void request_queue();

// Returns whether the queue exists, which requires preloading.
bool exists();

// Adds an event, whose bytes are `message`. Raises 53400 if the queue has no room, or the database has half
// of it already.
Ticket enqueue(std::string_view message);

// Wakes the worker of this database, or requests one if there is none.
void wake_writer();

Progress progress(Ticket ticket);

// Removes the event from the queue. Returns false if the worker has already taken it; then its progress will
// be `answered`, or `returned` if the worker gives it back without having written it.
bool withdraw(Ticket ticket);

// Notes that the worker waits for a lock that the caller's own transaction stands in the way of.
void note_blocking(Ticket ticket);

// Returns the answer. If it is a refusal, also fills `refusal`.
Answer read_answer(Ticket ticket, Refusal& refusal);

// Gives up the entry in whatever state it is.
void leave(Ticket ticket);

inline constexpr int kGroupEvents = 512;
inline constexpr size_t kGroupBytes = 1 << 20;

// Returns whether no event waits to be taken. Takes no lock.
bool is_empty();

// Takes the oldest events of this database, up to kGroupEvents and kGroupBytes, but at least one if any
// waits. This process owns them until they are answered, which sets their tickets to kNoTicket, or given
// back. All events of the previous call must have been answered or given back.
std::span<Ticket> take();

// Copies the bytes of a taken event into the current memory context.
std::string_view read(Ticket ticket);

// Arranges that these events are answered when the current transaction commits. This process must have taken
// them; `answers` has the same order, and must stay unchanged until then.
void answer_at_commit(std::span<Ticket> tickets, std::span<Answer> answers);

// Returns whether the caller has noted that it blocks this process.
bool is_blocking(Ticket ticket);

// Answers a taken event with an error.
void refuse(Ticket& ticket, int sqlstate, const Refusal& refusal);

// Puts the events that this process has taken and not answered back into the queue, in their old order, but
// for those that their callers have tried to withdraw.
void give_back();

// Registers the callback that runs at the end of each transaction. _PG_init calls it once.
void watch_commits();

}  // namespace eventlog::autonomous
