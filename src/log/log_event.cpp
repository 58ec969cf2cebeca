// eventlog.log_event: the event as arguments, written in the caller's transaction.
#include "pg/boundary.h"

#include "log/arguments.h"
#include "log/counters.h"
#include "log/write.h"
#include "pg/datum.h"

EVENTLOG_FUNCTION(eventlog_log_event) {
    using namespace eventlog;
    ids::Uuid id = log::counted([fcinfo] {
        event::Event event = pg::call([fcinfo] { return log::read_arguments(fcinfo); });
        size_t metadata_bytes = log::check(event);
        store::Insertion insertion = log::begin();
        ids::Uuid written = log::write(insertion, event, metadata_bytes);
        log::end(insertion);
        return written;
    });
    return pg::call([&id] { return pg::uuid_datum(id); });
}
