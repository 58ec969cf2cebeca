// The queue of autonomous events in shared memory: callers put events in and wait, the database's worker
// takes them, writes them and answers.
//
//     caller: enqueue, wake_writer, progress until answered (or withdraw), read_answer, leave
//     worker: take, read, then answer_at_commit inside the writing transaction, or refuse
//
// An entry is its caller's until the worker has taken it, and the worker's until it has answered; what its
// caller has left meanwhile is freed by whoever is last. Nobody waits for a caller. All of it may ereport:
// call inside pg::call.
#pragma once

#include "pg/server.h"

#include "autonomous/block_pool.h"
#include "ids/uuid7.h"
#include "store/idempotency.h"

namespace eventlog::autonomous {

using Ticket = BlockPool::Chain;
inline constexpr Ticket kNoTicket = BlockPool::kNone;

// What became of an event: of its idempotency key, and so of its row, or the error that refused it.
struct Answer {
    store::Claim claim;
    ids::Uuid first;       // of `repeated`
    bool same_payload;     // of `repeated`
    TransactionId owner;   // of `pending`
    XLogRecPtr committed;  // end of the commit after which the answer holds
    int sqlstate;          // of a refusal, else 0
};

// The texts of a refusal; cut to what the entry has room for. Null: none.
struct Refusal {
    const char* message;
    const char* detail;
    const char* hint;
    const char* column;
    const char* constraint;
};

enum class Progress : uint32_t { queued, taken, answered };

// Asks for the memory; called by _PG_init while preloading.
void request_queue();

// Whether there is a queue: the library is preloaded.
bool exists();

// Puts an event of `message` bytes in. 53400 when the queue has no room.
Ticket enqueue(std::string_view message);

// Wakes the database's worker, or asks for one.
void wake_writer();

Progress progress(Ticket ticket);

// Takes the event out again; false when the worker has taken it.
bool withdraw(Ticket ticket);

// The answer; `refusal` is filled when it is one.
Answer read_answer(Ticket ticket, Refusal& refusal);

// Gives the entry up, whatever state it is in.
void leave(Ticket ticket);

inline constexpr int kGroupEvents = 512;
inline constexpr size_t kGroupBytes = 1 << 20;

// Whether nobody's event waits to be taken. No lock.
bool is_empty();

// Takes the oldest events of this database: at most so many, but one at least where there is one. They are
// this process's until answered, when they become kNoTicket, or given back. All taken before are so.
std::span<Ticket> take();

// The bytes of a taken event, in the current memory context.
std::string_view read(Ticket ticket);

// Has these events, taken by this process, answered at the moment when the current transaction commits; in
// their order. `answers` stays as it is until then.
void answer_at_commit(std::span<Ticket> tickets, std::span<Answer> answers);

// Answers a taken event with an error.
void refuse(Ticket& ticket, int sqlstate, const Refusal& refusal);

// Puts back what this process has taken and not answered, in its old place.
void give_back();

// Registers what happens at the end of transactions; called once by _PG_init.
void watch_commits();

}  // namespace eventlog::autonomous
