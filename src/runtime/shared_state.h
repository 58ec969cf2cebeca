// What the extension's processes share when the library is preloaded: the id clock and a slot for each
// database's worker.
//
// Slots are found by database. A backend reads them without a lock to wake a worker at commit; the launcher
// and the workers change them under `lock`.
#pragma once

#include "pg/server.h"

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

// Requests in flight of one target, for eventlog.forward_status.
struct TargetGauge {
    Oid database;
    Oid server;
    uint32_t in_flight;
};

inline constexpr int kTargetGauges = 512;

// Refused log calls with one SQLSTATE, as the server encodes it; 0: unused.
struct Rejections {
    std::atomic<int> sqlstate;
    std::atomic<uint64_t> count;
};

// Log calls of one database. The atomics are counted without the lock.
struct LogCounters {
    Oid database;       // InvalidOid: free
    TimestampTz since;  // when counting began
    std::atomic<uint64_t> logged;
    Rejections rejected[32];
    std::atomic<uint64_t> rejected_otherwise;  // with a SQLSTATE that found no place
};

inline constexpr int kCountedDatabases = 128;

// What polls wait on, each for several databases: who is woken looks and waits on.
inline constexpr int kBells = 16;

struct State {
    LWLock* lock;
    std::atomic<uint64_t> id_clock;
    std::atomic<Latch*> launcher_latch;
    std::atomic<uint32_t> slots_in_use;  // slots behind this one have never been used
    WorkerSlot slots[kWorkerSlots];
    TargetGauge gauges[kTargetGauges];
    LogCounters log_counters[kCountedDatabases];
    ConditionVariable bells[kBells];
};

// The shared state, or null when the library is not preloaded.
State* state();

// Asks for the memory; called by _PG_init while preloading.
void request();

// The slot of a database, or null. A free one is taken when `create`, which needs the lock.
WorkerSlot* find_slot(Oid database, bool create);

// Asks the launcher for a worker in a database. Harmless when there is one, or no launcher.
void want_worker(Oid database);

// What a transaction has for its database's worker. In the order of weight: the heaviest counts.
enum class Notice : uint8_t { nothing, events, flagged_events, targets_changed };

// Has the worker woken when this transaction commits, if the notice interests it, and every poll that waits.
void notify_at_commit(Notice notice);

// Registers what happens at commit; called once by _PG_init.
void watch_transactions();

// What rings when a transaction of this session's database with a notice commits; null without preloading.
ConditionVariable* bell();

// A target without requests in flight has no gauge.
void set_in_flight(Oid server, uint32_t requests);
// -1 without preloading.
int in_flight(Oid server);
// Forgets this database's gauges.
void clear_gauges();

// The counters of this session's database; null when the library is not preloaded, or no place is left.
LogCounters* log_counters();
// Frees those of a dropped database. Under the lock.
void free_log_counters(Oid database);

}  // namespace eventlog::runtime
