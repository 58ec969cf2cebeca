// Turns an event as the caller gave it into a row: normalise, validate, defaults, id, envelope, insert.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "ids/uuid7.h"
#include "ingest/stamp.h"
#include "store/idempotency.h"
#include "store/insert.h"

namespace eventlog::ingest {

// A row that is ready to be written, by this process or another.
struct Prepared {
    Stamped stamped;
    std::optional<event::IdempotencyKey> key;
};

// Trims and checks the event and returns the canonical size of the caller's metadata. Throws pg::Error when
// a rule is broken.
size_t check(event::Event& event);

// Readies the log for writing. Throws pg::ServerError, with 25006 if nothing can be written, and with 42501
// if there is no caller whose event it would be.
store::Insertion begin();

// Writes a checked event and returns its id. Throws pg::Error when the whole envelope is too large, and
// pg::ServerError.
ids::Uuid write(store::Insertion& insertion, const event::Event& event, size_t metadata_bytes);

// Writes one event alone, from `begin` to `end`. Throws the same errors.
ids::Uuid write_alone(const event::Event& event, size_t metadata_bytes);

// `prepare` and `write_prepared` are the two halves of `write`, for an event that another process writes.
// `prepare` gives the event its defaults, id and envelope in the current memory context. `events` must be
// open; `caller_xid` is the caller's transaction, if the envelope shall name it. Throws pg::Error when the
// whole envelope is too large, and pg::ServerError.
Prepared prepare(Relation events, const event::Event& event, size_t metadata_bytes,
                 std::string_view caller_xid = {});

// Writes the event unless its idempotency key belongs to another event, or its id to a partition that takes
// no more rows; then the caller gives it a new one. May ereport: call inside pg::call.
store::KeyClaim write_prepared(store::Insertion& insertion, const Prepared& prepared);

// Returns the id with which the call answers once the claim is not pending: `prepared`, or the id of the
// first event with the key. Throws pg::Error if that event was given with different fields (23505), or if
// the transaction's snapshot does not see it under REPEATABLE READ and above (40001).
ids::Uuid id_of(const store::KeyClaim& claim, const event::Event& event, const ids::Uuid& prepared);

// Ends the writing. Throws pg::ServerError.
void end(store::Insertion& insertion);

}  // namespace eventlog::ingest
