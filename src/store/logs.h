// The partitioned tables of the extension: each a range of UUIDv7, and so of time, a partition.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>

namespace eventlog::store {

enum class Log : uint8_t { events, idempotency_keys };

inline constexpr Log kAllLogs[] = {Log::events, Log::idempotency_keys};
inline constexpr int kLogs = std::size(kAllLogs);

struct LogTable {
    const char* name;  // in schema eventlog
    // Makes a leaf, whose name is %s. Keys and indexes stand on the leaves alone, since a parent that belongs
    // to an extension and has a key does not restore from a dump; statement triggers of the parent do not
    // reach a leaf addressed by name.
    std::span<const char* const> leaf_commands;
};

namespace internal {

inline constexpr const char* kEventsLeaf[] = {
    "CREATE TABLE %s (LIKE eventlog.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (event_id))",
    "CREATE INDEX ON %s (xid, event_id)",
    "CREATE INDEX ON %s (event_name, event_id)",
    "CREATE INDEX ON %s (actor_id, event_id) WHERE actor_id IS NOT NULL",
    "CREATE INDEX ON %s (resource_id, event_id) WHERE resource_id IS NOT NULL",
    "CREATE INDEX ON %s (trace_id, event_id) WHERE trace_id IS NOT NULL",
    "CREATE INDEX ON %s USING brin (ingested_at, event_ts)",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s"
    " FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change()",
    "ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only",
};

inline constexpr const char* kIdempotencyKeysLeaf[] = {
    "CREATE TABLE %s (LIKE eventlog.idempotency_keys INCLUDING ALL)",
    "CREATE INDEX ON %s (key_hash)",
};

}  // namespace internal

// In the order of Log.
inline constexpr LogTable kLogTables[kLogs] = {
    {"events", internal::kEventsLeaf},
    {"idempotency_keys", internal::kIdempotencyKeysLeaf},
};

}  // namespace eventlog::store
