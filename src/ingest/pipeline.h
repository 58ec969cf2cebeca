// From an event as the caller gave it to a row: normalise, validate, defaults, id, envelope, insert.
#pragma once

#include "pg/server.h"

#include "event/event.h"
#include "ids/uuid7.h"
#include "ingest/stamp.h"
#include "store/idempotency.h"
#include "store/insert.h"

namespace eventlog::ingest {

// A row ready to be written, by this process or another.
struct Prepared {
    Stamped stamped;
    std::optional<event::IdempotencyKey> key;
};

// Trims and checks the event. Throws pg::Error when a rule is broken; returns the canonical size of the
// caller's metadata.
size_t check(event::Event& event);

// Readies the log for writing, and refuses where nothing can be written (25006). Throws pg::ServerError.
store::Insertion begin();

// Writes a checked event and returns its id. Throws pg::Error when the whole envelope is too large,
// pg::ServerError.
ids::Uuid write(store::Insertion& insertion, const event::Event& event, size_t metadata_bytes);

// The same for one event alone, from `begin` to `end`.
ids::Uuid write_alone(const event::Event& event, size_t metadata_bytes);

// The two halves of `write`, for an event that another process writes. The first gives it its defaults, id
// and envelope, in the current memory context; `events` is open, `caller_xid` the caller's transaction, if
// that is to be told. Throws pg::Error when the whole envelope is too large, pg::ServerError.
Prepared prepare(Relation events, const event::Event& event, size_t metadata_bytes,
                 std::string_view caller_xid = {});

// The second writes it, unless its idempotency key is another event's. May ereport: call inside pg::call.
store::KeyClaim write_prepared(store::Insertion& insertion, const Prepared& prepared);

// The id to answer with, once the claim is not pending: `prepared`, or that of the first event with the key.
// Throws pg::Error when that was given differently (23505), or is not seen by the snapshot of the
// transaction, under REPEATABLE READ and above (40001).
ids::Uuid id_of(const store::KeyClaim& claim, const event::Event& event, const ids::Uuid& prepared);

// Ends the writing. Throws pg::ServerError.
void end(store::Insertion& insertion);

}  // namespace eventlog::ingest
