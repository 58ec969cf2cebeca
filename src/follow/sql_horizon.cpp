// eventlog.horizon.
#include "pg/boundary.h"

#include "follow/horizon.h"

EVENTLOG_FUNCTION(eventlog_horizon) {
    std::string snapshot = eventlog::follow::horizon().text();
    const char* text = snapshot.c_str();
    return eventlog::pg::call([text] { return OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(text)); });
}
