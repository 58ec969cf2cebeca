// The SQL function eventlog.log_event_autonomous.
#include "pg/boundary.h"

#include "autonomous/submit.h"
#include "ingest/arguments.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "pg/datum.h"

EVENTLOG_FUNCTION(eventlog_log_event_autonomous) {
    using namespace eventlog;
    ids::Uuid id = ingest::counted([fcinfo] {
        event::Event event = pg::call([fcinfo] { return ingest::read_arguments(fcinfo); });
        size_t metadata_bytes = ingest::check(event);
        pg::call([] { autonomous::require_writer(); });
        return autonomous::submit(event, metadata_bytes);
    });
    return pg::call([&id] { return pg::uuid_datum(id); });
}
