// Slots for the databases that have, had or will have a worker. README.md of src/worker has the table of the
// states.
//
// A backend reads the slots without the lock to wake a worker at commit. The launcher, the workers and the
// database hook change them under the lock.
#pragma once

#include "pg/server.h"

#include "runtime/shared_memory.h"

namespace eventlog::runtime {

// The commits that a worker wants to be woken by.
enum class Interest : uint32_t { nothing, flagged, all };

// The state of a database as the launcher sees it.
enum class WorkerState : uint32_t {
    unused,    // the slot is free
    wanted,    // a worker was requested, and the launcher has not started one yet
    started,   // the launcher has started a process
    running,   // a worker serves the database
    finished,  // the worker found nothing to do and ended; it starts again on request
    failed,    // the worker ended with an error and is started again after a pause
    held,      // the worker is stopped for a command that needs the database to itself
};

struct WorkerSlot {
    Oid database;
    WorkerState state;
    pid_t pid;
    pid_t retention_pid;        // the process that drops partitions; 0 if there is none
    int64_t held_until;         // in the state held; in pg::monotonic_ms()
    int failures;               // number of failures in a row
    int64_t retry_at;           // after a failure; in pg::monotonic_ms()
    std::atomic<Latch*> latch;  // the latch of the running worker, or null
    std::atomic<uint32_t> interest;
    std::atomic<uint32_t> target_changes;  // counts commits that changed a target
    // Whether the log's transaction numbers have been compared with the server's since the server was
    // started.
    std::atomic<bool> numbers_compared;
};

inline constexpr int kWorkerSlots = 128;

class WorkerSlots {
  public:
    // Returns the slot of a database, or null.
    WorkerSlot* find(Oid database);

    // Returns the slot of a database, which is created if necessary, or null if all slots are in use by
    // databases that have work for a worker. The caller must hold the lock.
    WorkerSlot* find_or_add(Oid database);

    // Returns the slots that are or have been in use.
    std::span<WorkerSlot> used();

    std::atomic<Latch*> launcher_latch;

  private:
    std::atomic<uint32_t> used_;  // slots from this index on have never been used
    WorkerSlot slots_[kWorkerSlots];
};

extern Shared<WorkerSlots> worker_slots;

// Returns whether eventlog.databases allows a worker in the database of this name. May ereport.
bool may_have_worker(const char* database);

// Asks the launcher for a worker in a database. Does nothing if the worker exists or there is no launcher.
// May ereport, so call it inside pg::call.
void request_worker(Oid database);

// Makes the launcher look at the slots. Takes no lock and raises no error.
void wake_launcher();

// The status of this database's worker.
struct WorkerStatus {
    WorkerState state = WorkerState::unused;
    pid_t pid = 0;  // 0 if there is no process
    int failures = 0;
};

// Returns the status of this database's worker. Requires preloading. May ereport, so call it inside pg::call.
WorkerStatus worker_status();

// Registers this process, which drops old partitions, until it exits, so that commands that need the database
// to themselves can end it. Returns false if such a command is running or another process drops partitions.
// May ereport.
bool enter_retention(Oid database);

}  // namespace eventlog::runtime
