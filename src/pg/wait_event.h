// What pg_stat_activity shows while a process waits in the extension: a name of its own on servers that have
// such (17 and later), "Extension" on others.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

enum class Wait : uint8_t {
    launcher,          // EventlogLauncher: for something to start
    worker,            // EventlogWorker: for events, answers and due times
    wait_for_forward,  // EventlogWaitForForward: for an endpoint to take an event
    poll,              // EventlogPoll: for events to be committed
    autonomous,        // EventlogAutonomous: for an autonomous event to be written
    worker_exit,       // EventlogWorkerExit: for the worker to leave a database
};

// For WaitLatch and its like. May ereport.
uint32 wait_event(Wait wait);

}  // namespace eventlog::pg
