// A slot for each database that has, had or is to have a worker. README.md of src/worker has the table of its
// states.
//
// A backend reads slots without the lock to wake a worker at commit; launcher, workers and the database hook
// change them under the lock.
#pragma once

#include "pg/server.h"

#include "runtime/shared_memory.h"

namespace eventlog::runtime {

// What a worker wants to be woken for.
enum class Interest : uint32_t { nothing, flagged, all };

// Where a database stands, as the launcher sees it.
enum class WorkerState : uint32_t {
    unused,    // the slot is free
    wanted,    // somebody asked for a worker; the launcher has not started one yet
    started,   // the launcher has started a process
    running,   // a worker serves the database
    finished,  // the worker ended of its own will: nothing to do there, until somebody asks again
    failed,    // the worker ended with an error: start it again after a pause
    held,      // stopped for a command that needs the database to itself
};

struct WorkerSlot {
    Oid database;
    WorkerState state;
    pid_t pid;
    pid_t retention_pid;        // the process that drops partitions, while there is one
    int64_t held_until;         // while held; in pg::monotonic_ms()
    int failures;               // in a row
    int64_t retry_at;           // after a failure; in pg::monotonic_ms()
    std::atomic<Latch*> latch;  // the running worker's, else null
    std::atomic<uint32_t> interest;
    std::atomic<uint32_t> target_changes;  // counts commits that changed a target
};

inline constexpr int kWorkerSlots = 128;

class WorkerSlots {
  public:
    // The slot of a database, or null.
    WorkerSlot* find(Oid database);

    // The slot of a database, a new one where it had none; null where all are in use. Under the lock.
    WorkerSlot* find_or_add(Oid database);

    // Those that are or have been in use.
    std::span<WorkerSlot> used();

    std::atomic<Latch*> launcher_latch;

  private:
    std::atomic<uint32_t> used_;  // slots behind this one have never been used
    WorkerSlot slots_[kWorkerSlots];
};

extern Shared<WorkerSlots> worker_slots;

// Asks the launcher for a worker in a database. Harmless when there is one, or no launcher. May ereport: call
// inside pg::call.
void request_worker(Oid database);

// Has the launcher look at the slots. No lock, no error.
void wake_launcher();

// What is known of this database's worker.
struct WorkerStatus {
    WorkerState state = WorkerState::unused;
    pid_t pid = 0;  // 0: no process
    int failures = 0;
};

// Needs preloading. May ereport: call inside pg::call.
WorkerStatus worker_status();

// Shows this process, which drops old partitions, to commands that need the database to themselves, until it
// exits. False where such a command is running, or another process is at work. May ereport.
bool enter_retention(Oid database);

}  // namespace eventlog::runtime
