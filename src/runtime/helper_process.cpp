#include "runtime/helper_process.h"

#include "pg/boundary.h"
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
    struct Wait {
        BackgroundWorkerHandle* handle;
        BgwHandleStatus reached;
    } wait{handle, BGWH_STOPPED};
    ErrorData* error = pg::internal::run_guarded(
        [](void* argument) {
            auto* w = static_cast<Wait*>(argument);
            w->reached = WaitForBackgroundWorkerShutdown(w->handle);
        },
        &wait);
    if (error != nullptr) {
        TerminateBackgroundWorker(handle);
        ReThrowError(error);
    }
    return wait.reached;
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
