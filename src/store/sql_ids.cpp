// SQL functions for event ids: ulid, from_ulid, event_time.
#include "pg/boundary.h"
#include "pg/clock.h"

#include "ids/ulid.h"
#include "pg/datum.h"

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_ulid) {
    return pg::call([fcinfo] {
        char text[ids::kUlidLength];
        ids::format_ulid(pg::uuid_of(PG_GETARG_DATUM(0)), text);
        return pg::text_datum({text, ids::kUlidLength});
    });
}

EVENTLOG_FUNCTION(eventlog_from_ulid) {
    return pg::call([fcinfo] {
        std::string_view text = pg::text_view(PG_GETARG_DATUM(0));
        std::optional<ids::Uuid> id = ids::parse_ulid(text);
        if (!id) pg::refuse<rules::Rule::ulid_format>("ulid", rules::with<"found">(text));
        return pg::uuid_datum(*id);
    });
}

EVENTLOG_FUNCTION(eventlog_event_time) {
    return pg::call([fcinfo] {
        return TimestampTzGetDatum(
            pg::timestamp_of(ids::unix_millis_of(pg::uuid_of(PG_GETARG_DATUM(0))) * 1000));
    });
}
