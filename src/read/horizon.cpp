// eventlog.horizon: the current snapshot in the log's own numbering.
#include "pg/boundary.h"

#include "read/snapshot.h"
#include "store/catalog.h"

namespace {

using namespace eventlog;

struct Current {
    Datum snapshot;
    const char* text;
    uint64_t offset;
};

}  // namespace

EVENTLOG_FUNCTION(eventlog_horizon) {
    Current current = pg::call([] {
        // A standby's snapshot leaves out what is in progress on the primary.
        if (RecoveryInProgress())
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("eventlog.horizon() cannot be computed during recovery"));
        Datum snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
        return Current{snapshot, DatumGetCString(OidFunctionCall1(F_PG_SNAPSHOT_OUT, snapshot)),
                       store::catalog().xid_offset};
    });
    if (current.offset == 0) return current.snapshot;
    std::string shifted = read::Snapshot::parse(current.text).value().shifted(current.offset).text();
    const char* text = shifted.c_str();
    return pg::call([text] { return OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(text)); });
}
