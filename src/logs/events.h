// The log of events: eventlog.events.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "store/insert.h"
#include "store/log_table.h"

// The columns of eventlog.events in their order: constant, name, type (InvalidOid for eventlog.event_origin).
#define EVENTLOG_EVENT_COLUMNS(COLUMN, LAST_COLUMN)  \
    COLUMN(kEventId, event_id, UUIDOID)              \
    COLUMN(kEventName, event_name, TEXTOID)          \
    COLUMN(kEventType, event_type, TEXTOID)          \
    COLUMN(kSource, source, TEXTOID)                 \
    COLUMN(kOrigin, origin, InvalidOid)              \
    COLUMN(kActorType, actor_type, TEXTOID)          \
    COLUMN(kActorId, actor_id, TEXTOID)              \
    COLUMN(kResourceType, resource_type, TEXTOID)    \
    COLUMN(kResourceId, resource_id, TEXTOID)        \
    COLUMN(kTenantId, tenant_id, UUIDOID)            \
    COLUMN(kEventTs, event_ts, TIMESTAMPTZOID)       \
    COLUMN(kIngestedAt, ingested_at, TIMESTAMPTZOID) \
    COLUMN(kValue, value, FLOAT8OID)                 \
    COLUMN(kMetadata, metadata, JSONBOID)            \
    COLUMN(kSchemaVersion, schema_version, TEXTOID)  \
    COLUMN(kTraceId, trace_id, TEXTOID)              \
    COLUMN(kAppVersion, app_version, TEXTOID)        \
    COLUMN(kSofa, sofa, TEXTOID)                     \
    LAST_COLUMN(kXid, xid, XID8OID)

#define EVENTLOG_COLUMN_NAME(constant, name, type) #name
#define EVENTLOG_COLUMN_NAME_AND_COMMA(constant, name, type) #name ", "
// The names of the columns, for a SELECT.
#define EVENTLOG_EVENT_COLUMN_LIST \
    EVENTLOG_EVENT_COLUMNS(EVENTLOG_COLUMN_NAME_AND_COMMA, EVENTLOG_COLUMN_NAME)

namespace eventlog::logs {

#define CONSTANT(constant, name, type) constant,
enum EventColumn : int { EVENTLOG_EVENT_COLUMNS(CONSTANT, CONSTANT) kEventColumns };
#undef CONSTANT

inline constexpr const char* kOriginLabels[] = {"backend", "frontend"};
inline constexpr store::EnumType kEventOrigin{"event_origin", kOriginLabels};

#define DEFINITION(constant, name, type) {#name, type, (type) == InvalidOid ? &kEventOrigin : nullptr},
inline constexpr store::LogColumn kEventColumnDefinitions[kEventColumns] = {
    EVENTLOG_EVENT_COLUMNS(DEFINITION, DEFINITION)};
#undef DEFINITION

extern const store::LogTable kEvents;

// Prepares the log of events for rows written at about `unix_millis`. May ereport, so call it inside
// pg::call.
store::Insertion begin_events(int64_t unix_millis);

// Writes one event. `metadata` is the datum that row.metadata views. May ereport, so call it inside pg::call.
void insert_event(store::Insertion& insertion, const event::StoredRow& row, Jsonb* metadata);

// Returns the event in a row of all columns in their order. The result views the values. May ereport, so call
// it inside pg::call.
event::StoredRow event_of(const Datum* values, const bool* nulls);

}  // namespace eventlog::logs
