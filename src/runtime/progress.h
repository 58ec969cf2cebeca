// The progress of long commands, which other sessions can see before the command has committed.
//
//     runtime::ProgressReport progress("erase_actor");
//     progress.show("erasing events", 2000, 12000);
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// A command and its progress, as plain data in shared memory.
struct Progress {
    int pid;  // 0 if the slot is free
    Oid database;
    char command[NAMEDATALEN];
    char phase[NAMEDATALEN];
    int64 done;
    int64 total;  // -1 if it is not known
    TimestampTz started_at;
};

// Shows the progress of a command of this session while it exists: in eventlog.progress and, in place of the
// statement, in pg_stat_activity. Without preloading, or if no slot is free, only pg_stat_activity shows it.
// The functions throw pg::ServerError.
class ProgressReport {
  public:
    // `command` is a literal.
    explicit ProgressReport(const char* command);
    ~ProgressReport();
    ProgressReport(const ProgressReport&) = delete;
    ProgressReport& operator=(const ProgressReport&) = delete;

    // `phase` is a literal, and `total` is -1 if it is not known.
    void show(const char* phase, int64_t done, int64_t total);

  private:
    const char* command_;
    bool holds_slot_ = false;
};

// Returns the commands of this database, in memory of the current context. May ereport, so call it inside
// pg::call.
std::span<Progress> progress_of_database();

// Requests the shared memory. _PG_init calls it while preloading.
void request_progress();

}  // namespace eventlog::runtime
