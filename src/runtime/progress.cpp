#include "runtime/progress.h"

#include "pg/boundary.h"
#include "runtime/shared_memory.h"

namespace eventlog::runtime {
namespace {

constexpr int kSlots = 64;

struct Slots {
    Progress slots[kSlots];
};

Shared<Slots> all_slots{"eventlog progress"};

// The slot of this process. A command inside another one has none.
Progress* own = nullptr;

void free_own_slot() {
    if (own == nullptr) return;
    all_slots.locked(LW_EXCLUSIVE, [](Slots&) { own->pid = 0; });
    own = nullptr;
}

// A session that is terminated does not return to the command.
void on_exit(int, Datum) {
    free_own_slot();
}

bool take_slot(const char* command) {
    static bool registered = false;
    if (!all_slots || own != nullptr) return false;
    if (!registered) before_shmem_exit(on_exit, (Datum)0);
    registered = true;
    own = all_slots.locked(LW_EXCLUSIVE, [command](Slots& slots) -> Progress* {
        for (Progress& slot : slots.slots) {
            if (slot.pid != 0) continue;
            slot = {};
            slot.pid = MyProcPid;
            slot.database = MyDatabaseId;
            slot.total = -1;
            slot.started_at = GetCurrentTimestamp();
            strlcpy(slot.command, command, sizeof(slot.command));
            return &slot;
        }
        return nullptr;
    });
    return own != nullptr;
}

// The server forgets the identifier of the query with its text.
void show_in_pg_stat_activity(const char* text) {
    const auto query_id = pgstat_get_my_query_id();
    pgstat_report_activity(STATE_RUNNING, text);
    pgstat_report_query_id(query_id, true);
}

void show_activity(const char* command, const char* phase, int64 done, int64 total) {
    const char* text = total < 0 ? psprintf("eventlog.%s(): %s", command, phase)
                                 : psprintf("eventlog.%s(): %s, " INT64_FORMAT " of " INT64_FORMAT, command,
                                            phase, done, total);
    show_in_pg_stat_activity(text);
}

}  // namespace

ProgressReport::ProgressReport(const char* command) : command_(command) {
    holds_slot_ = pg::call([command] { return take_slot(command); });
}

ProgressReport::~ProgressReport() {
    if (holds_slot_) free_own_slot();
    show_in_pg_stat_activity(debug_query_string != nullptr ? debug_query_string : "");
}

void ProgressReport::show(const char* phase, int64_t done, int64_t total) {
    pg::call([&] {
        show_activity(command_, phase, done, total);
        if (!holds_slot_) return;
        all_slots.locked(LW_EXCLUSIVE, [&](Slots&) {
            strlcpy(own->phase, phase, sizeof(own->phase));
            own->done = done;
            own->total = total;
        });
    });
}

std::span<Progress> progress_of_database() {
    auto* found = static_cast<Progress*>(palloc(sizeof(Progress) * kSlots));
    if (!all_slots) return {found, 0};
    size_t count = all_slots.locked(LW_SHARED, [found](const Slots& slots) {
        size_t copied = 0;
        for (const Progress& slot : slots.slots)
            if (slot.pid != 0 && slot.database == MyDatabaseId) found[copied++] = slot;
        return copied;
    });
    return {found, count};
}

void request_progress() {
    all_slots.request();
}

}  // namespace eventlog::runtime
