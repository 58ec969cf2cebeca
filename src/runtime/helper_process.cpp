#include "runtime/helper_process.h"

namespace eventlog::runtime {
namespace {

BackgroundWorkerHandle* launch(const HelperProcess& process, pid_t notify) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
    worker.bgw_notify_pid = notify;
    strlcpy(worker.bgw_name, process.type, BGW_MAXLEN);
    strlcpy(worker.bgw_type, process.type, BGW_MAXLEN);
    strlcpy(worker.bgw_library_name, "eventlog", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, process.function, BGW_MAXLEN);
    memcpy(worker.bgw_extra, process.arguments, process.size);
    BackgroundWorkerHandle* handle = nullptr;
    return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : nullptr;
}

}  // namespace

bool run_helper(const HelperProcess& process, Await await) {
    BackgroundWorkerHandle* handle = launch(process, await == Await::nothing ? 0 : MyProcPid);
    if (handle == nullptr) return false;
    pid_t pid = 0;
    BgwHandleStatus reached = BGWH_STOPPED;
    if (await == Await::start) reached = WaitForBackgroundWorkerStartup(handle, &pid);
    if (await == Await::end) reached = WaitForBackgroundWorkerShutdown(handle);
    pfree(handle);
    return reached == BGWH_STARTED || reached == BGWH_STOPPED;
}

}  // namespace eventlog::runtime
