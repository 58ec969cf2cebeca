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

// Requests a worker for each database that has no slot yet. Ends workers that are no longer allowed, and
// frees their slots after they have ended.
void match_slots(std::span<const Oid> databases) {
    runtime::worker_slots.locked(LW_EXCLUSIVE, [databases](WorkerSlots& slots) {
        for (Oid database : databases) {
            WorkerSlot* slot = slots.find_or_add(database);
            if (slot != nullptr && slot->state == WorkerState::unused) slot->state = WorkerState::wanted;
        }
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
    while (true) {
        pg::call([] {
            runtime::reload_configuration();
            std::span<Oid> databases = connectable_databases(CurrentMemoryContext);
            match_slots(databases);
            pfree(databases.data());
            long timeout_ms = start_due_workers();
            (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout_ms,
                            pg::wait_event(pg::Wait::launcher));
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
