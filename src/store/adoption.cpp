#include "store/adoption.h"

#include "runtime/commit_signal.h"
#include "store/catalog.h"
#include "pg/owner_sql.h"

namespace eventlog::store {
namespace {

enum ClusterColumn { kSystemIdentifier = 1, kDatabase, kXidOffset, kIncarnation, kAdoptedAt, kServerMajor };

constexpr int32 kThisMajor = PG_VERSION_NUM / 10000;

// The offset is computed from everything stored: the next number is above each stored one and above the end
// of each cursor. %s is a query for the greatest number in each log.
constexpr const char* kSettle = R"(
WITH stored AS (
    SELECT max(xid::text::bigint) + 1 AS next FROM (%s) greatest_of_each
), cursors AS (
    SELECT greatest(max(pg_snapshot_xmax(from_snapshot)::text::bigint), max(pg_snapshot_xmax(to_snapshot)::text::bigint)) AS next
    FROM eventlog.reader_window
), settled AS (
    SELECT greatest(0, greatest((SELECT next FROM stored), (SELECT next FROM cursors))
                       - pg_snapshot_xmin(pg_current_snapshot())::text::bigint + 1) AS xid_offset,
           (SELECT incarnation FROM eventlog.cluster
            WHERE database = $2 AND (server_major IS DISTINCT FROM $3 OR system_identifier = $1)) AS kept
), emptied AS (
    DELETE FROM eventlog.cluster
)
SELECT coalesce(xid_offset, 0), coalesce(kept, gen_random_uuid()) FROM settled)";

constexpr const char* kStore = R"(
INSERT INTO eventlog.cluster (system_identifier, database, server_major, xid_offset, incarnation)
VALUES ($1, $2, $3, $4, $5))";

// A target that was made here before the adoption is ours. No event can be older than such a target, because
// none is written before the adoption.
constexpr const char* kOwnTargets = R"(
WITH own AS (
    UPDATE eventlog.targets SET incarnation = $1 WHERE incarnation IS NULL RETURNING name
)
UPDATE eventlog.reader_window w
SET from_snapshot = eventlog.horizon(), to_snapshot = NULL
FROM own WHERE w.kind = 'target' AND w.name = own.name AND w.from_snapshot::text <> '1:1:')";

// Returns a UNION of queries for the greatest transaction number in each log that is followed.
const char* greatest_xids(const Catalog& known) {
    StringInfoData sql;
    initStringInfo(&sql);
    for (const LogTable* log : log_tables()) {
        if (log->xid_column == nullptr || !known.has(*log)) continue;
        appendStringInfo(&sql, "%s(SELECT %s AS xid FROM eventlog.%s ORDER BY xid DESC LIMIT 1)",
                         sql.len > 0 ? " UNION ALL " : "", log->xid_column, log->name);
    }
    return sql.data;
}

// The rows of a copy or of a restored log are counted anew. SQL objects of a release before 0.3.0 have no
// such table.
void forget_seals() {
    const Oid table = get_relname_relid("sealed_partitions", get_namespace_oid("eventlog", false));
    if (!OidIsValid(table)) return;
    pg::run_sql("DELETE FROM eventlog.sealed_partitions", SPI_OK_DELETE);
    CacheInvalidateRelcacheByRelid(table);
}

void execute(const char* sql, int count, Oid* types, Datum* values, int expected) {
    int result = SPI_execute_with_args(sql, count, types, values, nullptr, false, 0);
    if (result != expected) elog(ERROR, "eventlog: adoption: %s", SPI_result_code_string(result));
}

// The row of eventlog.cluster for this database.
struct Adoption {
    bool found;
    bool is_of_this_cluster;
    int64 xid_offset;
    int32 server_major;  // 0 if not known
};

Adoption read_row(TupleTableSlot* slot) {
    bool null = false;
    Adoption row{};
    row.found = DatumGetObjectId(slot_getattr(slot, kDatabase, &null)) == MyDatabaseId;
    row.is_of_this_cluster = DatumGetInt64(slot_getattr(slot, kSystemIdentifier, &null)) ==
                             static_cast<int64>(GetSystemIdentifier());
    row.xid_offset = DatumGetInt64(slot_getattr(slot, kXidOffset, &null));
    // Release 0.1.0 did not have this column.
    if (slot->tts_tupleDescriptor->natts < kServerMajor) return row;
    Datum server_major = slot_getattr(slot, kServerMajor, &null);
    if (!null) row.server_major = DatumGetInt32(server_major);
    return row;
}

Adoption read_adoption(Oid cluster_table) {
    Relation relation = table_open(cluster_table, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    Adoption found{};
    while (!found.found && table_scan_getnextslot(scan, ForwardScanDirection, slot)) found = read_row(slot);
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(relation, AccessShareLock);
    return found;
}

}  // namespace

bool read_offset(Oid cluster_table, uint64_t& offset) {
    Adoption stored = read_adoption(cluster_table);
    if (!stored.found || !stored.is_of_this_cluster) return false;
    offset = static_cast<uint64_t>(stored.xid_offset);
    return true;
}

bool may_be_taken_up(Oid cluster_table) {
    Adoption stored = read_adoption(cluster_table);
    return stored.found && (stored.is_of_this_cluster || stored.server_major != kThisMajor);
}

void adopt() {
    const Catalog& known = catalog();
    if (known.adopted) return;
    require_full_service();
    const bool is_of_this_cluster = read_adoption(known.cluster).is_of_this_cluster;
    pg::OwnerSql saved = pg::begin_owner_sql(known.owner);
    Oid types[5] = {INT8OID, OIDOID, INT4OID, INT8OID, UUIDOID};
    Datum values[5] = {Int64GetDatum(static_cast<int64>(GetSystemIdentifier())),
                       ObjectIdGetDatum(MyDatabaseId), Int32GetDatum(kThisMajor), 0, 0};
    execute(psprintf("SELECT %s.link_targets()", known.internal_schema), 0, nullptr, nullptr, SPI_OK_SELECT);
    execute(psprintf(kSettle, greatest_xids(known)), 3, types, values, SPI_OK_SELECT);
    if (is_of_this_cluster)
        ereport(LOG,
                errmsg("eventlog: the server's transaction numbers have gone back in database \"%s\"",
                       get_database_name(MyDatabaseId)),
                errdetail("The log goes on above the numbers that are stored."), errhidestmt(true));
    bool null = false;
    values[3] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
    values[4] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &null);
    execute(kStore, 5, types, values, SPI_OK_INSERT);
    if (!is_of_this_cluster) forget_seals();
    forget();
    execute(kOwnTargets, 1, types + 4, values + 4, SPI_OK_UPDATE);
    pg::end_owner_sql(saved);
    forget();
    runtime::notify_at_commit(runtime::Notice::targets_changed);
}

}  // namespace eventlog::store
