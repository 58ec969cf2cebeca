// The columns of eventlog.events, in their order: the one list that the insert paths, the readers and the
// checks follow.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

enum Column : int {
    kEventId,
    kEventName,
    kEventType,
    kSource,
    kOrigin,
    kActorType,
    kActorId,
    kResourceType,
    kResourceId,
    kTenantId,
    kEventTs,
    kIngestedAt,
    kValue,
    kMetadata,
    kSchemaVersion,
    kTraceId,
    kAppVersion,
    kSofa,
    kXid,
    kColumns,
};

struct ColumnDefinition {
    const char* name;
    Oid type;  // InvalidOid: eventlog.event_origin
};

inline constexpr ColumnDefinition kColumnDefinitions[kColumns] = {
    {"event_id", UUIDOID},  {"event_name", TEXTOID},      {"event_type", TEXTOID},
    {"source", TEXTOID},    {"origin", InvalidOid},       {"actor_type", TEXTOID},
    {"actor_id", TEXTOID},  {"resource_type", TEXTOID},   {"resource_id", TEXTOID},
    {"tenant_id", UUIDOID}, {"event_ts", TIMESTAMPTZOID}, {"ingested_at", TIMESTAMPTZOID},
    {"value", FLOAT8OID},   {"metadata", JSONBOID},       {"schema_version", TEXTOID},
    {"trace_id", TEXTOID},  {"app_version", TEXTOID},     {"sofa", TEXTOID},
    {"xid", XID8OID},
};

}  // namespace eventlog::store
