#include "retention/retention.h"

#include "pg/boundary.h"
#include "retention/sealing.h"
#include "retention/steps.h"
#include "settings.h"
#include "runtime/worker_slots.h"
#include "store/catalog.h"
#include "pg/owner_sql.h"
#include "pg/transaction.h"
#include "pg/worker_session.h"

namespace eventlog::retention {
namespace {

// This is far shorter than deadlock_timeout, so that a process that waits for this one in a deadlock sees it
// give up first.
constexpr const char* kLockTimeout = "100ms";

// Distinguishes the process's lock from advisory locks of SQL, whose class is 1 or 2.
constexpr uint16 kTurnLock = 3;

// The settings of the caller that starts the process.
struct RetentionArguments {
    int32_t max_size;
    bool ignores_readers;
    bool sealing;
};

constexpr const char* kLeftOver = "SELECT partition FROM eventlog.retired_partitions";

const char* due_partitions() {
    return psprintf("SELECT partition FROM %s.due_partitions()", store::catalog().internal_schema);
}

// Yields what the server's log says of a partition that is dropped with its rows.
constexpr const char* kDropped =
    "SELECT format('partition \"%%s\" of log \"%%s\", from %%s to %%s, with %%s rows',"
    " r.name, r.log, r.from_time, r.to_time, %lld)"
    " FROM eventlog.retired_partitions r WHERE r.partition = %u";

// Returns the first value of a query's first row, or null if there is no row.
Datum query(const char* sql) {
    pg::run_sql(sql, SPI_OK_SELECT);
    bool null = false;
    return SPI_processed == 0 ? (Datum)0
                              : SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
}

bool is_due() {
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    const char* unsealed = partitions_to_seal();
    bool due =
        DatumGetBool(query(psprintf("SELECT EXISTS (%s) OR EXISTS (%s)%s", kLeftOver, due_partitions(),
                                    unsealed != nullptr ? psprintf(" OR EXISTS (%s)", unsealed) : "")));
    pg::end_owner_sql(saved);
    return due;
}

// ---- the process itself ----------------------------------------------------------------------------------

// Makes this process the one that works in this database, until its end. Returns false if there is another
// one. The lock is an advisory lock, because a failed transaction releases a session's other locks.
bool take_turn() {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, ExtensionRelationId, get_extension_oid("eventlog", false),
                         kTurnLock);
    return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

bool may_begin() {
    return store::lock_extension(AccessShareLock) && store::service() == store::Service::full &&
           store::catalog().adopted && take_turn();
}

// A partition that is locked against writers, even beyond the end of a transaction that does not fail.
struct Fence {
    LockRelId relation;
    char* detach;  // the command that detaches it
};

// Locks the partition, and notes that it is to be dropped, now that no transaction can add rows to it.
// Returns false if it must not be dropped.
bool retire(Oid partition, Fence& fence) {
    if (!store::lock_extension(AccessShareLock)) return false;
    LockRelationOid(partition, ShareLock);
    const char* name = get_rel_name(partition);
    if (name == nullptr || !get_rel_relispartition(partition)) return false;
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    bool retired = DatumGetBool(
        query(psprintf("SELECT %s.retire_partition(%u::oid, %s)", store::catalog().internal_schema, partition,
                       settings::retention_ignores_readers ? "true" : "false")));
    pg::end_owner_sql(saved);
    if (!retired) return false;
    const char* parent = get_rel_name(get_partition_parent(partition, false));
    const char* leaf = quote_qualified_identifier(get_namespace_name(get_rel_namespace(partition)), name);
    fence = {
        {partition, MyDatabaseId},
        psprintf("ALTER TABLE eventlog.%s DETACH PARTITION %s CONCURRENTLY", quote_identifier(parent), leaf)};
    LockRelationIdForSession(&fence.relation, ShareLock);
    return true;
}

// Runs a command as if a client had sent it.
void run_utility(const char* command) {
    auto* statement = makeNode(PlannedStmt);
    statement->commandType = CMD_UTILITY;
    statement->utilityStmt = linitial_node(RawStmt, pg_parse_query(command))->stmt;
    ProcessUtility(statement, command, false, PROCESS_UTILITY_TOPLEVEL, nullptr, nullptr, None_Receiver,
                   nullptr);
}

// Detaches the partition. DETACH CONCURRENTLY commits halfway, so the server accepts it only as a top-level
// command.
bool detach(const char* command) {
    // The statement allocates in this context what it needs after it has committed.
    PortalContext = CurrentMemoryContext;
    run_utility(command);
    // The statement has ended the transaction to which the snapshot belonged, and has begun another.
    if (!ActiveSnapshotSet()) PushActiveSnapshot(GetTransactionSnapshot());
    return true;
}

// A partition whose detaching has not been completed.
struct Unfinished {
    char* command;         // the command that completes it; null if the partition is not detaching
    TransactionId marked;  // the transaction that marked the partition as detaching
};

Unfinished unfinished(Oid partition) {
    MemoryContext memory = CurrentMemoryContext;
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    pg::run_sql(psprintf("SELECT f.command, f.marked FROM %s.unfinished_detach(%u::oid) f",
                         store::catalog().internal_schema, partition),
                SPI_OK_SELECT);
    Unfinished found{};
    bool null = false;
    if (SPI_processed > 0) {
        HeapTuple row = SPI_tuptable->vals[0];
        Datum command = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null);
        found.command = MemoryContextStrdup(memory, TextDatumGetCString(command));
        found.marked = DatumGetTransactionId(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &null));
    }
    pg::end_owner_sql(saved);
    return found;
}

// FINALIZE waits for every snapshot that is as old as the active one. Beside queries that overlap, for
// example polls that wait, it would wait for ever. Only snapshots in which the mark was still in progress can
// see the partition attached, and none of them has an xmin beyond the mark.
void finalize(const Unfinished& found) {
    PushCopiedSnapshot(GetActiveSnapshot());
    Snapshot snapshot = GetActiveSnapshot();
    if (TransactionIdPrecedes(found.marked, snapshot->xmin)) snapshot->xmin = found.marked;
    run_utility(found.command);
    PopActiveSnapshot();
    CommandCounterIncrement();
}

// Returns the number of rows of a table. Nobody adds rows to a partition that has been detached.
int64_t count_rows(Oid table) {
    const char* name =
        quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), get_rel_name(table));
    return DatumGetInt64(query(psprintf("SELECT count(*) FROM %s", name)));
}

bool finish(Oid partition) {
    if (!store::lock_extension(AccessShareLock)) return false;
    Unfinished found = unfinished(partition);
    if (found.command != nullptr) finalize(found);
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    // The lock that DROP TABLE takes comes first, so that the rows are counted once, even if it is not to be
    // had.
    LockRelationOid(partition, AccessExclusiveLock);
    const bool detached = get_rel_name(partition) != nullptr && !get_rel_relispartition(partition);
    const char* dropped = nullptr;
    if (detached) {
        const auto rows = static_cast<long long>(count_rows(partition));
        Datum described = query(psprintf(kDropped, rows, partition));
        if (described != (Datum)0) dropped = TextDatumGetCString(described);
    }
    pg::run_sql(psprintf("SELECT %s.drop_retired(%u::oid)", store::catalog().internal_schema, partition),
                SPI_OK_SELECT);
    if (dropped != nullptr && get_rel_name(partition) == nullptr)
        ereport(LOG, errmsg_internal("eventlog: retention dropped %s", dropped), errhidestmt(true),
                errhidecontext(true));
    pg::end_owner_sql(saved);
    return true;
}

void drop_partition(Oid partition) {
    Fence fence{};
    if (!try_step("retention", [&] { return retire(partition, fence); })) return;
    // After a time-out the partition is either detaching, which `finish` completes, or attached, which
    // `finish` records.
    if (try_step("retention: detaching a partition", [&] { return detach(fence.detach); }))
        pg::call([&fence] { UnlockRelationIdForSession(&fence.relation, ShareLock); });
    try_step("retention: dropping a partition", [partition] { return finish(partition); });
}

void drop_what_is_due() {
    if (!try_step("retention", [] { return may_begin(); })) return;
    seal_partitions();
    std::span<Oid> left_over;
    std::span<Oid> due;
    auto read_left_over = [&] {
        left_over = partitions_of(kLeftOver);
        return true;
    };
    auto read_due = [&] {
        due = partitions_of(due_partitions());
        return true;
    };
    if (!try_step("retention", read_left_over)) return;
    for (Oid partition : left_over)
        try_step("retention: dropping a partition", [partition] { return finish(partition); });
    if (!try_step("retention", read_due)) return;
    for (Oid partition : due) drop_partition(partition);
}

}  // namespace

std::span<Oid> partitions_of(const char* sql) {
    MemoryContext memory = CurrentMemoryContext;
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    pg::run_sql(sql, SPI_OK_SELECT);
    auto* oids = static_cast<Oid*>(MemoryContextAlloc(memory, sizeof(Oid) * (SPI_processed + 1)));
    size_t count = SPI_processed;
    bool null = false;
    for (size_t i = 0; i < count; i++)
        oids[i] = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
    pg::end_owner_sql(saved);
    return {oids, count};
}

void start_retention(runtime::Await await) {
    store::require_full_service();
    if (!is_due()) return;
    RetentionArguments arguments{settings::retention_max_size, settings::retention_ignores_readers,
                                 settings::sealing};
    if (runtime::run_helper({"eventlog retention", "eventlog_retention_main", &arguments, sizeof(arguments)},
                            await))
        return;
    ereport(WARNING, errmsg("eventlog: no process is free to drop old partitions"),
            errdetail("The partitions will be dropped by the next run."),
            errhint("You might need to increase max_worker_processes."));
}

}  // namespace eventlog::retention

extern "C" PGDLLEXPORT void eventlog_retention_main(Datum database) {
    using namespace eventlog;
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    if (!runtime::enter_retention(DatumGetObjectId(database))) return;
    pg::start_worker_session(DatumGetObjectId(database));
    pg::enter([] {
        pg::call([] {
            retention::RetentionArguments arguments;
            memcpy(&arguments, MyBgworkerEntry->bgw_extra, sizeof(arguments));
            SetConfigOption("lock_timeout", retention::kLockTimeout, PGC_USERSET, PGC_S_OVERRIDE);
            SetConfigOption("eventlog.retention_max_size", psprintf("%d", arguments.max_size), PGC_SUSET,
                            PGC_S_OVERRIDE);
            SetConfigOption("eventlog.retention_ignores_readers", arguments.ignores_readers ? "on" : "off",
                            PGC_SUSET, PGC_S_OVERRIDE);
            SetConfigOption("eventlog.sealing", arguments.sealing ? "on" : "off", PGC_SUSET, PGC_S_OVERRIDE);
            pgstat_report_appname("eventlog retention");
        });
        retention::drop_what_is_due();
    });
}
