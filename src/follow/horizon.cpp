#include "follow/horizon.h"

#include "pg/boundary.h"
#include "store/catalog.h"

namespace eventlog::follow {
namespace {

struct ServerSnapshot {
    const char* text;
    uint64_t own_xid;  // 0 if the transaction has none
    uint64_t offset;
};

ServerSnapshot server_snapshot() {
    store::require_full_service();
    // A standby's snapshot leaves out what is in progress on the primary.
    if (RecoveryInProgress()) pg::refuse<rules::Rule::recovery>({});
    Datum snapshot = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
    return {DatumGetCString(OidFunctionCall1(F_PG_SNAPSHOT_OUT, snapshot)),
            U64FromFullTransactionId(GetTopFullTransactionIdIfAny()), store::catalog().xid_offset};
}

}  // namespace

Snapshot horizon() {
    ServerSnapshot current = pg::call([] { return server_snapshot(); });
    Snapshot snapshot = Snapshot::parse(current.text).value();
    // The server's snapshot does not contain the transaction that took it, whose events are yet to come.
    if (current.own_xid != 0) snapshot = snapshot.with_in_progress(current.own_xid);
    return snapshot.shifted(current.offset);
}

}  // namespace eventlog::follow
