// Decides whether two calls with an idempotency key are the same call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "event/event.h"
#include "ids/uuid7.h"
#include "rules/violation.h"

namespace eventlog::event {

// The first half of a SHA-256. Keys and payloads are compared by digest so that the ledger holds no text.
using Digest = std::array<uint8_t, 16>;

// An event's idempotency key as the ledger holds it.
struct IdempotencyKey {
    Digest key;
    Digest holder;  // whose key it is
    Digest payload;
    int32_t window_seconds;  // how long the key holds, by the setting of the caller
};

// The ledger's form of a key since release 0.3.0: its digest, followed by that of its holder. Keys that an
// earlier release has stored are the digest alone, and are anybody's.
using ScopedKey = std::array<uint8_t, 2 * std::tuple_size_v<Digest>>;
ScopedKey scoped_key(const IdempotencyKey& key);

// The kind of a key's holder.
enum class Holder : uint8_t { login_role };

// Returns the digest of a holder by its name, which no holder of another kind shares.
Digest holder_digest(Holder kind, std::string_view name);

// Returns the digest of a key with its tenant and its source.
Digest key_digest(const std::optional<ids::Uuid>& tenant, std::string_view source, std::string_view key);

// Returns the digest of the fields that the caller gave in a normalised event. It leaves out event_ts and
// trace_id, because a retry may change them, and the source, because it belongs to the scope of the key.
// Numbers are compared by value: 1.50 equals 1.5.
Digest payload_digest(const Event& event);

// Returns the violation for an event that has the key of the event `first` but different fields.
rules::Violation key_reused(const Event& event, const ids::Uuid& first);

// Returns the violation for an event whose key belongs to an event that its transaction does not see.
rules::Violation key_concurrent(const Event& event);

}  // namespace eventlog::event
