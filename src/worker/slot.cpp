#include "worker/slot.h"

#include "pg/clock.h"

namespace eventlog::worker {
namespace {

using runtime::WorkerSlot;
using runtime::WorkerState;

constexpr int kHealthyMs = 60000;

WorkerSlot* own_slot = nullptr;
int64_t claimed_at_ms = 0;
bool finished = false;

// A worker whose slot was held by a command on its database was told to go: that is no failure.
void release_slot(int, Datum) {
    runtime::State* state = runtime::state();
    runtime::clear_gauges();
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    if (own_slot->pid == MyProcPid) {
        own_slot->pid = 0;
        if (pg::monotonic_ms() - claimed_at_ms > kHealthyMs) own_slot->failures = 0;
        own_slot->latch = nullptr;
        own_slot->interest = static_cast<uint32_t>(runtime::Interest::nothing);
        if (own_slot->state != WorkerState::held)
            own_slot->state = finished ? WorkerState::finished : WorkerState::failed;
    }
    Latch* launcher = state->launcher_latch.load();
    LWLockRelease(state->lock);
    if (launcher != nullptr) SetLatch(launcher);
}

}  // namespace

void claim_slot(Oid database) {
    runtime::State* state = runtime::state();
    if (state == nullptr) proc_exit(0);
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    WorkerSlot* slot = runtime::find_slot(database, false);
    bool free = slot != nullptr && slot->pid == 0 && slot->state == WorkerState::started;
    if (free) {
        slot->pid = MyProcPid;
        slot->state = WorkerState::running;
        slot->latch = MyLatch;
        own_slot = slot;
        claimed_at_ms = pg::monotonic_ms();
    }
    LWLockRelease(state->lock);
    if (!free) proc_exit(0);
    before_shmem_exit(release_slot, (Datum)0);
}

void finish_slot() {
    finished = true;
}

void set_interest(runtime::Interest interest) {
    own_slot->interest = static_cast<uint32_t>(interest);
}

uint32_t target_changes() {
    return own_slot->target_changes.load();
}

}  // namespace eventlog::worker
