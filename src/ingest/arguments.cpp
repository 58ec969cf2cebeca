#include "ingest/arguments.h"

#include "pg/boundary.h"
#include "pg/clock.h"
#include "pg/datum.h"
#include "logs/events.h"
#include "store/catalog.h"

namespace eventlog::ingest {
namespace {

// The arguments, in the order of the SQL function.
enum Argument {
    kEventName,
    kMetadata,
    kEventType,
    kActorId,
    kActorType,
    kResourceType,
    kResourceId,
    kSource,
    kOrigin,
    kEventTs,
    kValue,
    kSchemaVersion,
    kTraceId,
    kSofa,
    kForwardToStatsig,
    kIdempotencyKey,
    kAppVersion,
};

std::string_view text_argument(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? std::string_view() : pg::text_view(PG_GETARG_DATUM(argument));
}

event::Micros micros_of(TimestampTz time) {
    if (TIMESTAMP_IS_NOBEGIN(time)) return event::kMinusInfinity;
    if (TIMESTAMP_IS_NOEND(time)) return event::kInfinity;
    // The last thirty years of the server's range do not fit microseconds since 1970.
    if (time >= event::kTooLate - pg::kEpochDifference) return event::kTooLate;
    return pg::unix_micros_of(time);
}

event::Origin origin_of(Oid label) {
    const store::KnownEnum& known = store::catalog().enum_of(logs::kEventOrigin);
    for (event::Origin origin : {event::Origin::backend, event::Origin::frontend})
        if (known.labels[static_cast<int>(origin)] == label) return origin;
    pg::refuse<rules::Rule::origin_label>("origin");
}

}  // namespace

event::Event read_arguments(FunctionCallInfo fcinfo) {
    event::Event event;
    event.event_name = text_argument(fcinfo, kEventName);
    event.event_type = text_argument(fcinfo, kEventType);
    event.source = text_argument(fcinfo, kSource);
    event.actor_type = text_argument(fcinfo, kActorType);
    event.actor_id = text_argument(fcinfo, kActorId);
    event.resource_type = text_argument(fcinfo, kResourceType);
    event.resource_id = text_argument(fcinfo, kResourceId);
    event.schema_version = text_argument(fcinfo, kSchemaVersion);
    event.trace_id = text_argument(fcinfo, kTraceId);
    event.app_version = text_argument(fcinfo, kAppVersion);
    event.sofa = text_argument(fcinfo, kSofa);
    event.idempotency_key = text_argument(fcinfo, kIdempotencyKey);
    if (!PG_ARGISNULL(kMetadata)) event.metadata = pg::jsonb_view(PG_GETARG_DATUM(kMetadata));
    if (!PG_ARGISNULL(kOrigin)) event.origin = origin_of(PG_GETARG_OID(kOrigin));
    if (!PG_ARGISNULL(kEventTs)) event.event_ts = micros_of(PG_GETARG_TIMESTAMPTZ(kEventTs));
    if (!PG_ARGISNULL(kValue)) event.value = PG_GETARG_FLOAT8(kValue);
    if (!PG_ARGISNULL(kForwardToStatsig)) event.forward_to_statsig = PG_GETARG_BOOL(kForwardToStatsig);
    return event;
}

}  // namespace eventlog::ingest
