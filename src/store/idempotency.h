// The ledger of idempotency keys: it tells which event was the first with a key within
// eventlog.idempotency_window.
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

struct KeyPrint {
    event::Digest key;
    event::Digest payload;
    int32_t window_seconds;  // how long the key is valid, by the setting of the caller
};

enum class Claim : uint8_t {
    taken,     // the key now belongs to this event
    repeated,  // an earlier event, `first`, has the key
    pending,   // a transaction that is still open has the key
};

struct KeyClaim {
    Claim outcome;
    ids::Uuid first;
    bool same_payload;    // if `repeated`
    TransactionId owner;  // if `pending`
    Oid leaf;             // if `pending`: the partition that holds its row
    ItemPointerData row;  // if `pending`
};

// Claims a key for the event `id`, which is about to be written. Raises 40001 under REPEATABLE READ or
// SERIALIZABLE if an earlier event that the snapshot does not see has the key. May ereport, so call it inside
// pg::call.
KeyClaim claim_key(Insertion& insertion, const KeyPrint& print, const ids::Uuid& id);

// Waits for the transaction of a pending claim to end. May ereport, so call it inside pg::call.
void wait_for_owner(const KeyClaim& claim);

}  // namespace eventlog::store
