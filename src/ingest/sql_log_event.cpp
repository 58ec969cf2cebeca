// eventlog.log_event: the event as arguments, written in the caller's transaction.
#include "pg/boundary.h"

#include "ingest/arguments.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "pg/datum.h"

EVENTLOG_FUNCTION(eventlog_log_event) {
    using namespace eventlog;
    ids::Uuid id = ingest::counted([fcinfo] {
        event::Event event = pg::call([fcinfo] { return ingest::read_arguments(fcinfo); });
        return ingest::write_alone(event, ingest::check(event));
    });
    return pg::call([&id] { return pg::uuid_datum(id); });
}
