// The targets of a database at work, in its worker. All calls come from the worker's loop, with no
// transaction open.
#pragma once

#include "pg/server.h"

#include "forward/http_client.h"
#include "forward/target.h"
#include "runtime/event_loop.h"
#include "runtime/worker_slots.h"

namespace eventlog::forward {

class Forwarder {
  public:
    // Requests make progress while `loop`, which outlives it, waits.
    explicit Forwarder(runtime::EventLoop& loop) : http_(loop) {}

    // Prepares the process: libcurl, and the callbacks that tell of changed declarations and of erasures.
    // Called once, by the worker.
    static void prepare_process();

    // Whether the targets are to be read again. `changes` counts the commits that changed a target.
    bool needs_reload(int64_t now_ms, uint32_t changes);

    // Brings the targets up to date with the catalog, of a log that may be touched. An error is logged, and
    // the targets go on as they are known. Throws store::LogIsGone.
    void reload(int64_t now_ms);

    // Has the targets read again, whatever is known of changes.
    void expect_changes();

    // Drops all targets and their requests until the next reload.
    void clear();

    // Lets each target do what can be done now. When `woken`, the log may have news; otherwise it is looked
    // into at each eventlog.poll_interval.
    void work(bool woken);

    // When, in pg::monotonic_ms(), there is something to do without being woken.
    int64_t due_ms() const;

    // What the targets have the worker woken for.
    runtime::Interest interest() const;

  private:
    bool read(std::vector<Declaration>& declarations);
    void declare(std::vector<Declaration> declarations);

    HttpClient http_;
    std::vector<std::unique_ptr<Target>> targets_;
    uint32_t seen_changes_ = 0;
    int64_t reload_at_ = 0;
    int64_t retry_reload_at_ = 0;  // not before, after an error
    int64_t look_at_ = 0;          // for events that no commit told of
};

}  // namespace eventlog::forward
