#include "store/drop_guard.h"

#include "pg/boundary.h"
#include "settings.h"

namespace eventlog::store {
namespace {

object_access_hook_type previous_hook = nullptr;

// The start of the statement that has dropped a partition with events. The partitions of the log are dropped
// before the extension, so the extension's turn comes when their rows can no longer be seen.
TimestampTz dropped_events_at = 0;

// Returns eventlog.events if it belongs to the extension.
Oid events_table() {
    const Oid schema = get_namespace_oid("eventlog", true);
    const Oid table = OidIsValid(schema) ? get_relname_relid("events", schema) : InvalidOid;
    if (!OidIsValid(table)) return InvalidOid;
    const Oid extension = getExtensionOfObject(RelationRelationId, table);
    return OidIsValid(extension) && extension == get_extension_oid("eventlog", true) ? table : InvalidOid;
}

bool has_rows(Oid table) {
    Relation relation = table_open(table, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    const bool found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
    UnregisterSnapshot(snapshot);
    table_close(relation, AccessShareLock);
    return found;
}

void before_partition(Oid partition) {
    const char kind = get_rel_relkind(partition);
    if (kind != RELKIND_RELATION || !get_rel_relispartition(partition)) return;
    const Oid events = events_table();
    if (!OidIsValid(events) || !list_member_oid(get_partition_ancestors(partition), events)) return;
    if (has_rows(partition)) dropped_events_at = GetCurrentStatementStartTimestamp();
}

void before_extension(Oid extension) {
    if (extension != get_extension_oid("eventlog", true)) return;
    if (dropped_events_at == GetCurrentStatementStartTimestamp())
        pg::refuse<rules::Rule::drop_with_events>("");
}

void on_access(ObjectAccessType access, Oid catalog, Oid object, int part, void* argument) {
    if (previous_hook != nullptr) previous_hook(access, catalog, object, part, argument);
    if (access != OAT_DROP || part != 0 || settings::allow_drop || IsBinaryUpgrade) return;
    if (catalog != RelationRelationId && catalog != ExtensionRelationId) return;
    pg::enter([catalog, object] {
        pg::call([catalog, object] {
            if (catalog == RelationRelationId)
                before_partition(object);
            else
                before_extension(object);
        });
    });
}

}  // namespace

void watch_drops() {
    previous_hook = object_access_hook;
    object_access_hook = on_access;
}

}  // namespace eventlog::store
