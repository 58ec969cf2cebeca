// The launcher starts a worker in each database that has the extension, and starts it again after a failure.
// It keeps no list of databases: it tries every database once, a worker that finds no extension ends, and
// CREATE EXTENSION requests another try.
#include "worker/launcher.h"

#include <csignal>

#include "pg/clock.h"
#include "worker/database_hook.h"
#include "pg/boundary.h"
#include "pg/wait_event.h"
#include "settings.h"
#include "runtime/background_worker.h"
#include "runtime/worker_slots.h"

namespace eventlog::worker {
namespace {

using runtime::WorkerSlot;
using runtime::WorkerSlots;
using runtime::WorkerState;

constexpr long kScanEveryMs = 60000;
constexpr int64_t kFirstRestartMs = 1000;
constexpr int64_t kLongestRestartMs = 60000;
constexpr int kSecondsToRestartLauncher = 5;
constexpr int32_t kBeingDropped = -2;  // pg_database.datconnlimit of a database whose DROP was interrupted

// Returns the databases that accept connections, allocated in `memory`.
std::span<Oid> connectable_databases(MemoryContext memory) {
    StartTransactionCommand();
    Relation relation = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
    int capacity = 64;
    int count = 0;
    auto* oids = static_cast<Oid*>(MemoryContextAlloc(memory, sizeof(Oid) * capacity));
    while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
        auto* database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
        if (!database->datallowconn || database->datistemplate || database->datconnlimit == kBeingDropped)
            continue;
        if (!runtime::may_have_worker(NameStr(database->datname))) continue;
        if (count == capacity) oids = static_cast<Oid*>(repalloc(oids, sizeof(Oid) * (capacity *= 2)));
        oids[count++] = database->oid;
    }
    table_endscan(scan);
    table_close(relation, AccessShareLock);
    CommitTransactionCommand();
    MemoryContextSwitchTo(memory);
    return {oids, static_cast<size_t>(count)};
}

bool contains(std::span<const Oid> oids, Oid oid) {
    return std::find(oids.begin(), oids.end(), oid) != oids.end();
}

// The databases for which this launcher has requested a worker. One without the extension is tried once, even
// if another database has its slot by now.
List* tried = NIL;
// The databases that have been reported to get no worker.
List* reported = NIL;

void remember(List*& databases, Oid database) {
    MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
    databases = lappend_oid(databases, database);
    MemoryContextSwitchTo(caller);
}

// Forgets databases that are no longer there.
void forget_others(List*& databases, std::span<const Oid> present) {
    ListCell* cell = nullptr;
    foreach (cell, databases)
        if (!contains(present, lfirst_oid(cell))) databases = foreach_delete_current(databases, cell);
}

// Returns whether a database that has not been tried yet has got a slot, or has one.
bool try_database(WorkerSlots& slots, Oid database) {
    if (slots.find(database) == nullptr && list_member_oid(tried, database)) return true;
    WorkerSlot* slot = slots.find_or_add(database);
    if (slot == nullptr) return false;
    if (slot->state == WorkerState::unused) slot->state = WorkerState::wanted;
    if (!list_member_oid(tried, database)) remember(tried, database);
    return true;
}

void report_without_slots(std::span<const Oid> databases) {
    for (Oid database : databases) {
        if (list_member_oid(reported, database)) continue;
        ereport(LOG, errmsg("eventlog: database %u gets no worker", database),
                errdetail("The limit is %d workers, and all of them are in use.", runtime::kWorkerSlots),
                errhint("List the databases that need a worker in eventlog.databases."));
        remember(reported, database);
    }
}

// Requests a worker for each database that has not been tried yet. Ends workers that are no longer allowed,
// and frees their slots after they have ended. Once nothing has happened for a while (`rests`), reports the
// databases that are left without a slot.
void match_slots(std::span<const Oid> databases, bool rests) {
    forget_others(tried, databases);
    forget_others(reported, databases);
    auto* without = static_cast<Oid*>(palloc(sizeof(Oid) * (databases.size() + 1)));
    size_t count = 0;
    runtime::worker_slots.locked(LW_EXCLUSIVE, [databases, without, &count](WorkerSlots& slots) {
        for (Oid database : databases)
            if (!try_database(slots, database)) without[count++] = database;
        for (WorkerSlot& slot : slots.used()) {
            if (slot.state == WorkerState::unused || slot.state == WorkerState::held ||
                slot.state == WorkerState::started || contains(databases, slot.database))
                continue;
            if (slot.pid != 0) {
                kill(slot.pid, SIGTERM);
            } else {
                slot.database = InvalidOid;
                slot.state = WorkerState::unused;
            }
        }
    });
    if (rests) report_without_slots({without, count});
    pfree(without);
}

int64_t pause_after(int failures) {
    return std::min(kLongestRestartMs, kFirstRestartMs << std::min(failures, 6));
}

// Decides whether a worker for this slot must be started now. If it is due later, reduces `timeout_ms` to the
// remaining time. The caller must hold the lock.
bool is_due(WorkerSlot& slot, int64_t now, long& timeout_ms) {
    if (slot.state == WorkerState::held && slot.held_until <= now) slot.state = WorkerState::wanted;
    if (slot.state == WorkerState::failed && slot.retry_at == 0) {
        slot.retry_at = now + pause_after(slot.failures);
        slot.failures++;
    }
    int64_t at = slot.state == WorkerState::wanted   ? now
                 : slot.state == WorkerState::failed ? slot.retry_at
                 : slot.state == WorkerState::held   ? slot.held_until
                                                     : 0;
    if (at == 0) return false;
    if (at > now) {
        timeout_ms = std::min(timeout_ms, static_cast<long>(at - now));
        return false;
    }
    slot.retry_at = 0;
    return true;
}

void start_worker(WorkerSlot& slot, BackgroundWorkerHandle*& handle) {
    BackgroundWorker worker = runtime::describe_worker("eventlog worker", "eventlog_worker_main");
    worker.bgw_main_arg = ObjectIdGetDatum(slot.database);
    worker.bgw_notify_pid = MyProcPid;
    if (RegisterDynamicBackgroundWorker(&worker, &handle)) {
        slot.state = WorkerState::started;
        return;
    }
    slot.state = WorkerState::failed;
    ereport(LOG, errmsg("eventlog: no process is free for the worker of database %u", slot.database),
            errhint("You might need to increase max_worker_processes."));
}

BackgroundWorkerHandle* handles[runtime::kWorkerSlots];

// If the process ended before it took its slot, marks the worker as failed.
void notice_stillborn(WorkerSlot& slot, BackgroundWorkerHandle*& handle) {
    if (handle == nullptr) return;
    pid_t pid = 0;
    if (GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED) return;
    pfree(handle);
    handle = nullptr;
    if (slot.state == WorkerState::started && slot.pid == 0) slot.state = WorkerState::failed;
}

long start_due_workers() {
    return runtime::worker_slots.locked(LW_EXCLUSIVE, [](WorkerSlots& slots) {
        long timeout_ms = kScanEveryMs;
        const int64_t now = pg::monotonic_ms();
        BackgroundWorkerHandle** handle = handles;
        for (WorkerSlot& slot : slots.used()) {
            notice_stillborn(slot, *handle);
            if (slot.state != WorkerState::unused && is_due(slot, now, timeout_ms))
                start_worker(slot, *handle);
            handle++;
        }
        return timeout_ms;
    });
}

void serve() {
    bool rests = false;
    while (true) {
        pg::call([&rests] {
            runtime::reload_configuration();
            std::span<Oid> databases = connectable_databases(CurrentMemoryContext);
            match_slots(databases, rests);
            pfree(databases.data());
            long timeout_ms = start_due_workers();
            const int woken = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout_ms,
                                        pg::wait_event(pg::Wait::launcher));
            rests = (woken & WL_LATCH_SET) == 0;
            ResetLatch(MyLatch);
            CHECK_FOR_INTERRUPTS();
        });
    }
}

void forget_latch(int, Datum) {
    runtime::worker_slots->launcher_latch = nullptr;
}

}  // namespace

void register_launcher() {
    if (IsBinaryUpgrade) return;
    BackgroundWorker launcher = runtime::describe_worker("eventlog launcher", "eventlog_launcher_main");
    launcher.bgw_restart_time = kSecondsToRestartLauncher;
    RegisterBackgroundWorker(&launcher);
    install_database_hook();
}

}  // namespace eventlog::worker

extern "C" PGDLLEXPORT void eventlog_launcher_main(Datum) {
    using namespace eventlog;
    runtime::handle_signals();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    runtime::worker_slots->launcher_latch = MyLatch;
    before_shmem_exit(worker::forget_latch, (Datum)0);
    pg::enter([] { worker::serve(); });
}
