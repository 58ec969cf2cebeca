// All targets of a database, driven by its worker. The worker calls all functions from its loop, outside of
// any transaction.
#pragma once

#include "pg/server.h"

#include "forward/http_client.h"
#include "forward/target.h"
#include "runtime/event_loop.h"
#include "runtime/worker_slots.h"

namespace eventlog::forward {

class Forwarder {
  public:
    // Requests make progress while `loop` waits. `loop` must outlive the forwarder.
    explicit Forwarder(runtime::EventLoop& loop) : http_(loop) {}

    // Prepares the process: initialises libcurl, and registers the callbacks for changed declarations and for
    // erasures. The worker calls it once.
    static void prepare_process();

    // Returns whether the targets must be read again. `changes` is the number of commits that have changed a
    // target.
    bool needs_reload(int64_t now_ms, uint32_t changes);

    // Updates the targets from the catalog. The log must be accessible. If the catalog cannot be read, logs
    // the error and keeps the targets as they are. Throws store::LogIsGone.
    void reload(int64_t now_ms);

    // Makes the targets be read again, even if no change has been noticed.
    void expect_changes();

    // Drops all targets and their requests until the next reload.
    void clear();

    // Lets each target do what can be done now. If `woken` is true, the log may have new events; otherwise it
    // is checked only at each eventlog.poll_interval.
    void work(bool woken);

    // Returns the time, in pg::monotonic_ms(), at which there is something to do even if the worker is not
    // woken.
    int64_t due_ms() const;

    // Returns the commits that the worker must be woken by for its targets.
    runtime::Interest interest() const;

  private:
    bool read(std::vector<Declaration>& declarations);
    void declare(std::vector<Declaration> declarations);

    HttpClient http_;
    std::vector<std::unique_ptr<Target>> targets_;
    uint32_t seen_changes_ = 0;
    int64_t reload_at_ = 0;
    int64_t retry_reload_at_ = 0;  // after an error, not before this time
    int64_t look_at_ = 0;          // time of the next look for events that no commit announced
};

}  // namespace eventlog::forward
