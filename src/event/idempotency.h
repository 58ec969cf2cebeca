// What makes two calls with an idempotency key the same call.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "event/event.h"
#include "ids/uuid7.h"
#include "rules/violation.h"

namespace eventlog::event {

// The first half of a SHA-256: keys and payloads are compared by it, so that the ledger holds no text.
using Digest = std::array<uint8_t, 16>;

// An event's idempotency key as the ledger holds it.
struct IdempotencyKey {
    Digest key;
    Digest payload;
    int32_t window_seconds;  // how long the key holds: the setting of whoever gives it
};

// Of the scope of a key: the same tenant and source, and the key itself.
Digest key_digest(const std::optional<ids::Uuid>& tenant, std::string_view source, std::string_view key);

// Of what the caller gave, but for event_ts and trace_id, which a retry may give anew, and the source, which
// is of the key's scope. Of a normalised event. Numbers are compared by their value: 1.50 is 1.5.
Digest payload_digest(const Event& event);

// That the event has the key of the event `first`, and other fields.
rules::Violation key_reused(const Event& event, const ids::Uuid& first);

// That the event has the key of an event that its transaction does not see.
rules::Violation key_concurrent(const Event& event);

}  // namespace eventlog::event
