// eventlog.horizon, and the place where the partitions begin that a reader has still to read.
#include "pg/boundary.h"

#include "follow/horizon.h"
#include "follow/leaf_query.h"
#include "logs/events.h"
#include "pg/datum.h"

EVENTLOG_FUNCTION(eventlog_horizon) {
    std::string snapshot = eventlog::follow::horizon().text();
    const char* text = snapshot.c_str();
    return eventlog::pg::call([text] { return OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(text)); });
}

EVENTLOG_FUNCTION(eventlog_first_id_unread) {
    using namespace eventlog;
    const char* text = pg::call(
        [fcinfo] { return DatumGetCString(OidFunctionCall1(F_PG_SNAPSHOT_OUT, PG_GETARG_DATUM(0))); });
    const follow::Snapshot settled = follow::Snapshot::parse(text).value();
    const follow::WindowBounds bounds{settled.xmax(), std::numeric_limits<uint64_t>::max(),
                                      settled.in_progress()};
    return pg::call([&bounds] {
        Relation events = follow::open_events();
        std::span<const store::LogPartition> unread =
            store::partitions_where(logs::kEvents, events, [&bounds](const store::LogPartition& partition) {
                return !partition.is_default && follow::may_hold(partition, bounds);
            });
        follow::close_events(events);
        return pg::uuid_datum(unread.empty() ? ids::Uuid{} : unread.front().from);
    });
}
