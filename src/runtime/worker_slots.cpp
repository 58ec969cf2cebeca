#include "runtime/worker_slots.h"

#include "settings.h"

namespace eventlog::runtime {
namespace {

void leave_retention(int, Datum) {
    worker_slots.locked(LW_EXCLUSIVE, [](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find(MyDatabaseId);
        if (slot != nullptr && slot->retention_pid == MyProcPid) slot->retention_pid = 0;
    });
}

}  // namespace

Shared<WorkerSlots> worker_slots{"eventlog"};

std::span<WorkerSlot> WorkerSlots::used() {
    return {slots_, used_.load(std::memory_order_acquire)};
}

WorkerSlot* WorkerSlots::find(Oid database) {
    for (WorkerSlot& slot : used())
        if (slot.database == database) return &slot;
    return nullptr;
}

WorkerSlot* WorkerSlots::find_or_add(Oid database) {
    if (WorkerSlot* slot = find(database)) return slot;
    const std::span<WorkerSlot> known = used();
    auto free = std::find_if(known.begin(), known.end(),
                             [](const WorkerSlot& slot) { return slot.state == WorkerState::unused; });
    // A database whose worker has found nothing to do gets a slot again when it asks for one.
    if (free == known.end() && known.size() == kWorkerSlots)
        free = std::find_if(known.begin(), known.end(), [](const WorkerSlot& slot) {
            return slot.state == WorkerState::finished && slot.pid == 0 && slot.retention_pid == 0;
        });
    const bool appends = free == known.end();
    if (appends && known.size() == kWorkerSlots) return nullptr;
    WorkerSlot& slot = appends ? slots_[known.size()] : *free;
    slot.state = WorkerState::unused;
    slot.pid = 0;
    slot.retention_pid = 0;
    slot.failures = 0;
    slot.retry_at = 0;
    slot.held_until = 0;
    slot.latch = nullptr;
    slot.numbers_compared = false;
    slot.interest = static_cast<uint32_t>(Interest::nothing);
    slot.database = database;
    if (appends) used_.store(static_cast<uint32_t>(known.size()) + 1, std::memory_order_release);
    return &slot;
}

bool may_have_worker(const char* database) {
    if (settings::databases == nullptr || *settings::databases == '\0') return true;
    List* names = NIL;
    char* list = pstrdup(settings::databases);
    bool found = false;
    if (SplitIdentifierString(list, ',', &names)) {
        ListCell* cell = nullptr;
        foreach (cell, names) found = found || strcmp(static_cast<char*>(lfirst(cell)), database) == 0;
    }
    list_free(names);
    pfree(list);
    return found;
}

void wake_launcher() {
    if (Latch* launcher = worker_slots->launcher_latch.load()) SetLatch(launcher);
}

void request_worker(Oid database) {
    if (!worker_slots) return;
    worker_slots.locked(LW_EXCLUSIVE, [database](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find_or_add(database);
        if (slot != nullptr && (slot->state == WorkerState::unused || slot->state == WorkerState::finished))
            slot->state = WorkerState::wanted;
    });
    wake_launcher();
}

WorkerStatus worker_status() {
    return worker_slots.locked(LW_SHARED, [](WorkerSlots& slots) {
        const WorkerSlot* slot = slots.find(MyDatabaseId);
        return slot == nullptr ? WorkerStatus{} : WorkerStatus{slot->state, slot->pid, slot->failures};
    });
}

bool enter_retention(Oid database) {
    if (!worker_slots) return true;
    struct Entry {
        bool admitted;
        bool shown;
    };
    const Entry entry = worker_slots.locked(LW_EXCLUSIVE, [database](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find(database);
        if (slot == nullptr) return Entry{true, false};
        if (slot->state == WorkerState::held || slot->retention_pid != 0) return Entry{false, false};
        slot->retention_pid = MyProcPid;
        return Entry{true, true};
    });
    if (entry.shown) before_shmem_exit(leave_retention, (Datum)0);
    return entry.admitted;
}

}  // namespace eventlog::runtime
