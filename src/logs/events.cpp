#include "logs/events.h"

#include "pg/clock.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/erased_mark.h"

namespace eventlog::logs {
namespace {

constexpr const char* kPartitionCommands[] = {
    "CREATE TABLE %s (LIKE eventlog.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (event_id))",
    "CREATE INDEX ON %s (xid, event_id)",
    "CREATE INDEX ON %s (event_name, event_id)",
    "CREATE INDEX ON %s (actor_id, event_id) WHERE actor_id IS NOT NULL",
    "CREATE INDEX ON %s (resource_id, event_id) WHERE resource_id IS NOT NULL",
    "CREATE INDEX ON %s (trace_id, event_id) WHERE trace_id IS NOT NULL",
    "CREATE INDEX ON %s USING brin (ingested_at, event_ts)",
    ("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s"
     " FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change()"),
    "ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only",
};

int64_t partition_millis() {
    constexpr int64_t kMillisPerMinute = 60000;
    return settings::partition_width * kMillisPerMinute;
}

// An erasure keeps the id, the name, the source, the tenant and the times. Erasing an actor keeps the
// resource, unless the resource is that actor. So an event may be erased a second time because of its
// resource.
#define CLEARED                                                                                              \
    "actor_type = NULL, actor_id = NULL, sofa = NULL, trace_id = NULL, value = NULL, schema_version = NULL," \
    " metadata = jsonb_build_object('_eventLog', jsonb_build_object('" EVENTLOG_ERASED_MARK                  \
    "', true, 'forwardToStatsig', coalesce(metadata -> '_eventLog' -> 'forwardToStatsig', 'false')))"

constexpr store::ErasureClause kErasure[] = {
    {"actor_id = $1 AND ($2 IS NULL OR actor_type = $2)",
     CLEARED ", resource_type = CASE WHEN resource_id <> $1 THEN resource_type END,"
             " resource_id = CASE WHEN resource_id <> $1 THEN resource_id END"},
    {"resource_id = $1 AND ($2 IS NULL OR resource_type = $2)",
     CLEARED ", resource_type = NULL, resource_id = NULL"},
    {"event_id = $1::uuid AND (resource_id IS NOT NULL OR NOT metadata -> '_eventLog' ? "
     "'" EVENTLOG_ERASED_MARK "')",
     CLEARED ", resource_type = NULL, resource_id = NULL"},
};

// Stores the row as datums in the order of the columns.
void fill(const store::Insertion& insertion, const event::StoredRow& row, Jsonb* metadata, Datum* values,
          bool* nulls) {
    auto set_text = [values, nulls](EventColumn column, std::string_view value) {
        nulls[column] = !event::given(value);
        values[column] = nulls[column] ? (Datum)0 : pg::text_datum(value);
    };
    auto set = [values, nulls](EventColumn column, Datum value) {
        nulls[column] = false;
        values[column] = value;
    };
    set(kEventId, pg::uuid_datum(row.event_id));
    set_text(kEventName, row.event_name);
    set_text(kEventType, row.event_type);
    set_text(kSource, row.source);
    set(kOrigin, ObjectIdGetDatum(insertion.catalog.label_of(kEventOrigin, static_cast<int>(row.origin))));
    set_text(kActorType, row.actor_type);
    set_text(kActorId, row.actor_id);
    set_text(kResourceType, row.resource_type);
    set_text(kResourceId, row.resource_id);
    nulls[kTenantId] = !row.tenant_id;
    values[kTenantId] = row.tenant_id ? pg::uuid_datum(*row.tenant_id) : (Datum)0;
    set(kEventTs, TimestampTzGetDatum(pg::timestamp_of(row.event_ts)));
    set(kIngestedAt, TimestampTzGetDatum(pg::timestamp_of(row.ingested_at)));
    nulls[kValue] = !row.value;
    values[kValue] = row.value ? Float8GetDatum(*row.value) : (Datum)0;
    set(kMetadata, JsonbPGetDatum(metadata));
    set_text(kSchemaVersion, row.schema_version);
    set_text(kTraceId, row.trace_id);
    set_text(kAppVersion, row.app_version);
    set_text(kSofa, row.sofa);
    set(kXid, FullTransactionIdGetDatum(insertion.xid));
}

}  // namespace

constinit const store::LogTable kEvents{
    .name = "events",
    .columns = kEventColumnDefinitions,
    .xid_column = "xid",
    .partition_commands = kPartitionCommands,
    .partition_millis = partition_millis,
    .key_columns = "tenant_id, source, metadata #>> '{_eventLog,idempotencyKey}'",
    .erasure = kErasure,
};

store::Insertion begin_events(int64_t unix_millis) {
    return store::begin_insertion(kEvents, unix_millis);
}

void insert_event(store::Insertion& insertion, const event::StoredRow& row, Jsonb* metadata) {
    Oid partition = store::partition_for(insertion, row.event_id);
    Datum values[kEventColumns];
    bool nulls[kEventColumns];
    fill(insertion, row, metadata, values, nulls);
    store::insert_row(insertion, partition, values, nulls);
}

event::StoredRow event_of(const Datum* values, const bool* nulls) {
    auto text = [values, nulls](EventColumn column) {
        return nulls[column] ? std::string_view() : pg::text_view(values[column]);
    };
    event::StoredRow row{};
    row.event_id = pg::uuid_of(values[kEventId]);
    row.event_name = text(kEventName);
    row.event_type = text(kEventType);
    row.source = text(kSource);
    const Oid frontend = store::catalog().label_of(kEventOrigin, static_cast<int>(event::Origin::frontend));
    row.origin =
        DatumGetObjectId(values[kOrigin]) == frontend ? event::Origin::frontend : event::Origin::backend;
    row.actor_type = text(kActorType);
    row.actor_id = text(kActorId);
    row.resource_type = text(kResourceType);
    row.resource_id = text(kResourceId);
    if (!nulls[kTenantId]) row.tenant_id = pg::uuid_of(values[kTenantId]);
    row.event_ts = pg::unix_micros_of(DatumGetTimestampTz(values[kEventTs]));
    row.ingested_at = pg::unix_micros_of(DatumGetTimestampTz(values[kIngestedAt]));
    if (!nulls[kValue]) row.value = DatumGetFloat8(values[kValue]);
    row.metadata = pg::jsonb_view(values[kMetadata]);
    row.schema_version = text(kSchemaVersion);
    row.trace_id = text(kTraceId);
    row.app_version = text(kAppVersion);
    row.sofa = text(kSofa);
    return row;
}

}  // namespace eventlog::logs
