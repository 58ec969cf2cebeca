#include "runtime/helper_process.h"

#include "runtime/background_worker.h"

namespace eventlog::runtime {
namespace {

BackgroundWorkerHandle* launch(const HelperProcess& process, pid_t notify) {
    BackgroundWorker worker = describe_worker(process.name, process.function);
    worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
    worker.bgw_notify_pid = notify;
    memcpy(worker.bgw_extra, process.arguments, process.size);
    BackgroundWorkerHandle* handle = nullptr;
    return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : nullptr;
}

// Waits for the process, and ends it if the wait is interrupted, so that it does not outlive its cause.
BgwHandleStatus wait_for_end(BackgroundWorkerHandle* handle) {
    BgwHandleStatus reached = BGWH_STOPPED;
    PG_TRY();
    { reached = WaitForBackgroundWorkerShutdown(handle); }
    PG_CATCH();
    {
        TerminateBackgroundWorker(handle);
        PG_RE_THROW();
    }
    PG_END_TRY();
    return reached;
}

}  // namespace

bool run_helper(const HelperProcess& process, Await await) {
    BackgroundWorkerHandle* handle = launch(process, await == Await::nothing ? 0 : MyProcPid);
    if (handle == nullptr) return false;
    pid_t pid = 0;
    BgwHandleStatus reached = BGWH_STOPPED;
    if (await == Await::start) reached = WaitForBackgroundWorkerStartup(handle, &pid);
    if (await == Await::end) reached = wait_for_end(handle);
    pfree(handle);
    return reached == BGWH_STARTED || reached == BGWH_STOPPED;
}

}  // namespace eventlog::runtime
