// The ledger of idempotency keys: which event was the first with a key, for eventlog.idempotency_window.
//
// Keys are exact without a unique index over all time, so that old ones go with their partition: calls with
// the same key take turns by a lock that each holds only while it looks and writes, never to the end of its
// transaction, and whoever finds a key of an open transaction waits for that to end.
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
    unseen,    // an event has it that the transaction's own snapshot does not see
};

struct KeyClaim {
    Claim outcome;
    ids::Uuid first;
    bool same_payload;    // of `repeated`
    TransactionId owner;  // of `pending`
    Oid leaf;             // of `pending`: the partition that holds its row
    ItemPointerData row;  // of `pending`
};

// Claims a key for the event `id`, which is about to be written. May ereport: call inside pg::call.
KeyClaim claim_key(Insertion& insertion, const event::IdempotencyKey& key, const ids::Uuid& id);

// Waits for the transaction of a pending claim to end. May ereport: call inside pg::call.
void wait_for_owner(const KeyClaim& claim);

}  // namespace eventlog::store
