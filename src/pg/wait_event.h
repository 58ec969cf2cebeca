// Wait events, which pg_stat_activity shows while a process waits in the extension. Servers that support
// custom wait events (17 and later) show the names below, older servers show "Extension".
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

enum class Wait : uint8_t {
    launcher,          // EventlogLauncher: the launcher waits until it has something to start
    worker,            // EventlogWorker: the worker waits for events, answers and due times
    wait_for_forward,  // EventlogWaitForForward: a session waits until an endpoint has taken an event
    poll,              // EventlogPoll: a poll waits until events are committed
    autonomous,        // EventlogAutonomous: a caller waits until its autonomous event is written
    worker_exit,       // EventlogWorkerExit: a command waits until the worker has left a database
    test_target,       // EventlogTestTarget: a session waits for the answer to a probe
};

// Returns the event number for WaitLatch and similar functions. May ereport.
uint32 wait_event(Wait wait);

}  // namespace eventlog::pg
