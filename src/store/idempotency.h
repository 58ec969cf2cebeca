// The ledger of idempotency keys: it tells which event was the first with a key within
// eventlog.idempotency_window.
//
// A key is one of its tenant, its source and its holder, so that nobody can use up or look for another's. The
// keys that release 0.2.0 has stored have no holder; everybody finds them until their window is over, and
// none are added.
//
// Keys are exact without a unique index over all time, so that old keys are dropped with their partition.
// Calls with the same key take turns: each holds a lock only while it looks up and writes the key, never
// until its transaction ends. A call that finds a key of an open transaction waits for that transaction to
// end.
#pragma once

#include "pg/server.h"

#include "event/idempotency.h"
#include "store/insert.h"

namespace eventlog::store {

extern const LogTable kIdempotencyKeys;

enum class Claim : uint8_t {
    taken,     // the key is this event's now
    repeated,  // an earlier event has it; `first` says which
    pending,   // a transaction that is still open has it
    late,      // the id belongs to a partition that takes no more rows
    unseen,    // an event has it that the transaction's own snapshot does not see
};

struct KeyClaim {
    Claim outcome;
    ids::Uuid first;
    bool same_payload;    // if `repeated`
    TransactionId owner;  // if `pending`
    Oid leaf;             // if `pending`: the partition that holds its row
    ItemPointerData row;  // if `pending`
};

// Claims a key for the event `id`, which is about to be written. May ereport: call inside pg::call.
KeyClaim claim_key(Insertion& insertion, const event::IdempotencyKey& key, const ids::Uuid& id);

// Waits for the transaction of a pending claim to end. May ereport, so call it inside pg::call.
void wait_for_owner(const KeyClaim& claim);

}  // namespace eventlog::store
