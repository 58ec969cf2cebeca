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
        if (!id)
            ereport(ERROR, errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("invalid ULID: \"%s\"", pg::excerpt(text)),
                    errdetail("A ULID is 26 characters of Crockford base 32, the first no greater than 7."));
        return pg::uuid_datum(*id);
    });
}

EVENTLOG_FUNCTION(eventlog_event_time) {
    return pg::call([fcinfo] {
        return TimestampTzGetDatum(
            pg::timestamp_of(ids::unix_millis_of(pg::uuid_of(PG_GETARG_DATUM(0))) * 1000));
    });
}
