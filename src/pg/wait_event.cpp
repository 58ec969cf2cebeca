#include "pg/wait_event.h"

namespace eventlog::pg {

#if PG_VERSION_NUM >= 170000

uint32 wait_event(Wait wait) {
    static constexpr const char* kNames[] = {
        "EventlogLauncher",   "EventlogWorker",     "EventlogWaitForForward", "EventlogPoll",
        "EventlogAutonomous", "EventlogWorkerExit", "EventlogTestTarget"};
    static uint32 known[std::size(kNames)];
    const auto index = static_cast<size_t>(wait);
    if (known[index] == 0) known[index] = WaitEventExtensionNew(kNames[index]);
    return known[index];
}

#else

uint32 wait_event(Wait) {
    return PG_WAIT_EXTENSION;
}

#endif

}  // namespace eventlog::pg
