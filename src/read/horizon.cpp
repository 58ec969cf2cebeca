#include "read/horizon.h"

#include "pg/boundary.h"
#include "store/catalog.h"

namespace eventlog::read {

ServerSnapshot server_snapshot() {
    // A standby's snapshot leaves out what is in progress on the primary.
    if (RecoveryInProgress())
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("the event log cannot be followed during recovery"));
    Datum snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
    return {snapshot, DatumGetCString(OidFunctionCall1(F_PG_SNAPSHOT_OUT, snapshot)),
            store::catalog().xid_offset};
}

Snapshot horizon() {
    ServerSnapshot current = pg::call([] { return server_snapshot(); });
    return Snapshot::parse(current.text).value().shifted(current.offset);
}

}  // namespace eventlog::read

EVENTLOG_FUNCTION(eventlog_horizon) {
    using namespace eventlog;
    read::ServerSnapshot current = pg::call([] { return read::server_snapshot(); });
    if (current.offset == 0) return current.datum;
    std::string shifted = read::Snapshot::parse(current.text).value().shifted(current.offset).text();
    const char* text = shifted.c_str();
    return pg::call([text] { return OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(text)); });
}
