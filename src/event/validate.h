// The rules of log_event for one event.
#pragma once

#include <cstddef>
#include <optional>

#include "event/event.h"
#include "event/naming.h"
#include "rules/violation.h"

namespace eventlog::event {

inline constexpr size_t kMaxTextCharacters = 256;
inline constexpr size_t kMaxEnvelopeBytes = 1048576;
inline constexpr std::string_view kReservedKey = "_eventLog";

struct Limits {
    size_t metadata_bytes = 65536;  // eventlog.max_metadata_bytes
    size_t metadata_keys = 256;     // eventlog.max_metadata_keys
    NamingPolicy naming_policy = NamingPolicy::any;
};

// Checks a normalised event and returns the first broken rule in the order of the fields, or nothing. On
// success `metadata_bytes` is the canonical size of the caller's metadata (2 when absent).
std::optional<rules::Violation> validate(const Event& event, const Limits& limits, size_t& metadata_bytes);

// Checks the canonical size of the whole row before it is written (`canonical_size` of its StoredRow).
std::optional<rules::Violation> validate_envelope_bytes(const Event& event, size_t bytes);

}  // namespace eventlog::event
