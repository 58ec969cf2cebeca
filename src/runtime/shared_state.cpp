#include "runtime/shared_state.h"

namespace eventlog::runtime {
namespace {

State* shared_state = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

constexpr const char* kName = "eventlog";

Notice pending = Notice::nothing;  // of the current transaction

void on_request() {
    if (previous_request_hook != nullptr) previous_request_hook();
    RequestAddinShmemSpace(MAXALIGN(sizeof(State)));
    RequestNamedLWLockTranche(kName, 1);
}

void on_startup() {
    if (previous_startup_hook != nullptr) previous_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found = false;
    void* memory = ShmemInitStruct(kName, sizeof(State), &found);
    if (!found) {
        new (memory) State{};
        static_cast<State*>(memory)->lock = &GetNamedLWLockTranche(kName)->lock;
        for (ConditionVariable& bell : static_cast<State*>(memory)->bells) ConditionVariableInit(&bell);
    }
    shared_state = static_cast<State*>(memory);
    LWLockRelease(AddinShmemInitLock);
}

void wake(Notice notice) {
    WorkerSlot* slot = find_slot(MyDatabaseId, false);
    if (notice == Notice::targets_changed) {
        if (slot != nullptr) slot->target_changes.fetch_add(1);
        if (slot == nullptr || slot->latch.load() == nullptr) want_worker(MyDatabaseId);
    }
    if (slot == nullptr) return;
    auto interest = static_cast<Interest>(slot->interest.load(std::memory_order_relaxed));
    bool wanted = notice == Notice::targets_changed || interest == Interest::all ||
                  (interest == Interest::flagged && notice == Notice::flagged_events);
    Latch* latch = slot->latch.load();
    if (wanted && latch != nullptr) SetLatch(latch);
}

// Nearly always nobody waits, and that is seen without the lock. Who comes to wait looks at the log
// afterwards.
void ring() {
    if (!proclist_is_empty(&bell()->wakeup)) ConditionVariableBroadcast(bell());
}

void on_transaction_end(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT && pending != Notice::nothing && shared_state != nullptr) {
        wake(pending);
        ring();
    }
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        pending = Notice::nothing;
}

TargetGauge* find_gauge(Oid server, bool create) {
    TargetGauge* free_gauge = nullptr;
    for (TargetGauge& gauge : shared_state->gauges) {
        if (gauge.database == MyDatabaseId && gauge.server == server) return &gauge;
        if (free_gauge == nullptr && gauge.database == InvalidOid) free_gauge = &gauge;
    }
    if (!create || free_gauge == nullptr) return nullptr;
    *free_gauge = {MyDatabaseId, server, 0};
    return free_gauge;
}

// Finds the counters of a database, or takes free ones. Under the lock.
LogCounters* take_log_counters(Oid database) {
    LogCounters* free_counters = nullptr;
    for (LogCounters& counters : shared_state->log_counters) {
        if (counters.database == database) return &counters;
        if (free_counters == nullptr && counters.database == InvalidOid) free_counters = &counters;
    }
    if (free_counters == nullptr) return nullptr;
    free_counters->~LogCounters();
    new (free_counters) LogCounters{};
    free_counters->since = GetCurrentTimestamp();
    free_counters->database = database;
    return free_counters;
}

}  // namespace

State* state() {
    return shared_state;
}

ConditionVariable* bell() {
    return shared_state == nullptr ? nullptr : &shared_state->bells[MyDatabaseId % kBells];
}

void request() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = on_request;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = on_startup;
}

WorkerSlot* find_slot(Oid database, bool create) {
    uint32_t in_use = shared_state->slots_in_use.load(std::memory_order_acquire);
    WorkerSlot* reusable = nullptr;
    for (uint32_t i = 0; i < in_use; i++) {
        WorkerSlot& slot = shared_state->slots[i];
        if (slot.database == database) return &slot;
        if (reusable == nullptr && slot.state == WorkerState::unused) reusable = &slot;
    }
    if (!create) return nullptr;
    if (reusable == nullptr) {
        if (in_use == kWorkerSlots) return nullptr;
        reusable = &shared_state->slots[in_use];
    }
    reusable->state = WorkerState::unused;
    reusable->pid = 0;
    reusable->retention_pid = 0;
    reusable->failures = 0;
    reusable->retry_at = 0;
    reusable->held_until = 0;
    reusable->latch = nullptr;
    reusable->interest = static_cast<uint32_t>(Interest::nothing);
    reusable->database = database;
    if (reusable == &shared_state->slots[in_use])
        shared_state->slots_in_use.store(in_use + 1, std::memory_order_release);
    return reusable;
}

void want_worker(Oid database) {
    if (shared_state == nullptr) return;
    LWLockAcquire(shared_state->lock, LW_EXCLUSIVE);
    WorkerSlot* slot = find_slot(database, true);
    if (slot != nullptr && (slot->state == WorkerState::unused || slot->state == WorkerState::finished))
        slot->state = WorkerState::wanted;
    Latch* launcher = shared_state->launcher_latch.load();
    LWLockRelease(shared_state->lock);
    if (launcher != nullptr) SetLatch(launcher);
}

void notify_at_commit(Notice notice) {
    pending = std::max(pending, notice);
}

void watch_transactions() {
    RegisterXactCallback(on_transaction_end, nullptr);
}

void set_in_flight(Oid server, uint32_t requests) {
    if (shared_state == nullptr) return;
    LWLockAcquire(shared_state->lock, LW_EXCLUSIVE);
    TargetGauge* gauge = find_gauge(server, requests > 0);
    if (gauge != nullptr && requests > 0) gauge->in_flight = requests;
    if (gauge != nullptr && requests == 0) *gauge = {};
    LWLockRelease(shared_state->lock);
}

int in_flight(Oid server) {
    if (shared_state == nullptr) return -1;
    LWLockAcquire(shared_state->lock, LW_SHARED);
    TargetGauge* gauge = find_gauge(server, false);
    int requests = gauge != nullptr ? static_cast<int>(gauge->in_flight) : 0;
    LWLockRelease(shared_state->lock);
    return requests;
}

void clear_gauges() {
    if (shared_state == nullptr) return;
    LWLockAcquire(shared_state->lock, LW_EXCLUSIVE);
    for (TargetGauge& gauge : shared_state->gauges)
        if (gauge.database == MyDatabaseId) gauge = {};
    LWLockRelease(shared_state->lock);
}

LogCounters* log_counters() {
    static LogCounters* known = nullptr;
    static bool looked = false;
    if (looked || shared_state == nullptr || MyDatabaseId == InvalidOid) return known;
    LWLockAcquire(shared_state->lock, LW_EXCLUSIVE);
    known = take_log_counters(MyDatabaseId);
    LWLockRelease(shared_state->lock);
    looked = true;
    return known;
}

void free_log_counters(Oid database) {
    for (LogCounters& counters : shared_state->log_counters)
        if (counters.database == database) counters.database = InvalidOid;
}

}  // namespace eventlog::runtime
