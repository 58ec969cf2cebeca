#include "worker/slot.h"

#include "pg/clock.h"
#include "runtime/gauges.h"

namespace eventlog::worker {
namespace {

using runtime::WorkerSlot;
using runtime::WorkerSlots;
using runtime::WorkerState;

constexpr int kHealthyMs = 60000;

WorkerSlot* own_slot = nullptr;
int64_t claimed_at_ms = 0;
bool finished = false;

// A worker whose slot is held for a command on its database was told to end, so its end is no failure.
void release_slot(int, Datum) {
    runtime::clear_gauges();
    runtime::worker_slots.locked(LW_EXCLUSIVE, [](WorkerSlots&) {
        if (own_slot->pid != MyProcPid) return;
        own_slot->pid = 0;
        if (pg::monotonic_ms() - claimed_at_ms > kHealthyMs) own_slot->failures = 0;
        own_slot->latch = nullptr;
        own_slot->interest = static_cast<uint32_t>(runtime::Interest::nothing);
        if (own_slot->state != WorkerState::held)
            own_slot->state = finished ? WorkerState::finished : WorkerState::failed;
    });
    runtime::wake_launcher();
}

}  // namespace

void claim_slot(Oid database) {
    if (!runtime::worker_slots) proc_exit(0);
    own_slot = runtime::worker_slots.locked(LW_EXCLUSIVE, [database](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find(database);
        bool free = slot != nullptr && slot->pid == 0 && slot->state == WorkerState::started;
        if (!free) return static_cast<WorkerSlot*>(nullptr);
        slot->pid = MyProcPid;
        slot->state = WorkerState::running;
        slot->latch = MyLatch;
        return slot;
    });
    if (own_slot == nullptr) proc_exit(0);
    claimed_at_ms = pg::monotonic_ms();
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
