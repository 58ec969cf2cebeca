// The worker of one database. It writes autonomous events, makes partitions in advance, starts the retention
// of old ones, and forwards events to the targets.
#include "worker/worker.h"

#include "autonomous/writer.h"
#include "forward/forwarder.h"
#include "pg/clock.h"
#include "pg/transaction.h"
#include "pg/worker_session.h"
#include "retention/retention.h"
#include "runtime/background_worker.h"
#include "runtime/event_loop.h"
#include "store/catalog.h"
#include "store/log_transaction.h"
#include "store/maintenance.h"
#include "worker/slot.h"

namespace eventlog::worker {
namespace {

constexpr int64_t kMaintainEveryMs = 60000;
constexpr int64_t kNotReadyEveryMs = 2000;

class Worker {
  public:
    // Serves the database until the extension is no longer installed in it.
    void run();

  private:
    void serve();
    bool turn();
    void stand_by();
    bool installed();
    bool ready();
    void report_other_version();
    void take_up();
    void serve_log_calls();
    bool reload(int64_t now_ms);
    void maintain(int64_t now_ms);
    void wait();

    runtime::EventLoop loop_{pg::Wait::worker};
    forward::Forwarder forwarder_{loop_};
    MemoryContext turn_memory_ = nullptr;  // reset after each turn
    int64_t maintain_at_ = 0;
    bool woken_ = true;
    std::string
        reported_version_;  // version of the SQL objects last reported as different from the library's
};

void Worker::run() {
    turn_memory_ = pg::call(
        [] { return AllocSetContextCreate(TopMemoryContext, "eventlog worker", ALLOCSET_DEFAULT_SIZES); });
    MemoryContextSwitchTo(turn_memory_);
    while (installed()) {
        try {
            if (ready())
                serve();
            else
                stand_by();
        } catch (const store::LogIsGone&) {
            forwarder_.expect_changes();
        }
    }
    // Events that are still waiting are refused, because there is no log.
    autonomous::serve();
}

// Serves the log as long as it may be accessed.
void Worker::serve() {
    report_other_version();
    while (turn()) pg::call([this] { MemoryContextReset(turn_memory_); });
}

// Adopts the database and makes the partitions that are missing, each in a transaction of its own, so that
// none of them waits for the others and a failure undoes none.
void make_partitions() {
    for (bool more = true; more;) {
        store::LogTransaction transaction;
        more = pg::call([] {
            pg::limit_lock_waits();
            return store::maintain_step(pg::unix_millis_now());
        });
        transaction.commit();
    }
}

void handle_pending_changes() {
    pg::call([] {
        runtime::reload_configuration();
        AcceptInvalidationMessages();
    });
}

// Runs one turn of the loop: does everything that can be done now, then waits. Returns false if the log may
// no longer be accessed.
bool Worker::turn() {
    handle_pending_changes();
    const int64_t now = pg::monotonic_ms();
    if (!reload(now)) return false;
    autonomous::serve();
    maintain(now);
    forwarder_.work(woken_);
    wait();
    return true;
}

void Worker::wait() {
    woken_ = loop_.wait(std::min(forwarder_.due_ms(), maintain_at_));
}

// If the library does not fully serve the version of the SQL objects, does the work that log calls need from
// a worker.
void Worker::serve_log_calls() {
    try {
        bool serves = false;
        {
            store::LogTransaction transaction;
            serves = pg::call([] {
                pg::limit_lock_waits();
                return store::service() == store::Service::logging && store::catalog().adopted;
            });
            transaction.commit();
        }
        if (!serves) return;
        make_partitions();
        autonomous::serve();
    } catch (const pg::ServerError& error) {
        pg::log_unless_locked(error, "serving log calls");
    }
}

// Runs one turn in which the log is left alone, except for log calls.
void Worker::stand_by() {
    forwarder_.clear();
    set_interest(runtime::Interest::nothing);
    report_other_version();
    take_up();
    serve_log_calls();
    pg::call([this] { MemoryContextReset(turn_memory_); });
    if (!ready()) loop_.wait(pg::monotonic_ms() + kNotReadyEveryMs);
}

// Returns whether the extension is still installed, in any version.
bool Worker::installed() {
    pg::SqlTransaction transaction;
    store::Service found = pg::call([] { return store::service(); });
    transaction.commit();
    return found != store::Service::none;
}

// Returns whether the log may be accessed: the versions agree, and the database has been adopted.
bool Worker::ready() {
    pg::SqlTransaction transaction;
    bool ready =
        pg::call([] { return store::service() == store::Service::full && store::catalog().adopted; });
    transaction.commit();
    return ready;
}

// Reports once for each version of the SQL objects why the log is left alone, and shows it in
// pg_stat_activity.
void Worker::report_other_version() {
    pg::SqlTransaction transaction;
    const char* version = pg::call([]() -> const char* {
        return store::service() == store::Service::logging ? store::installed_version() : nullptr;
    });
    std::string other = version != nullptr ? version : "";
    if (other != reported_version_) {
        pg::call([version] {
            if (version != nullptr)
                store::report_other_version(
                    LOG,
                    psprintf("The worker of database \"%s\" serves only log calls until the versions agree.",
                             get_database_name(MyDatabaseId)));
            pgstat_report_activity(
                STATE_IDLE, version == nullptr
                                ? ""
                                : psprintf("serves only log calls: the library has another version than "
                                           "the SQL objects, %s",
                                           version));
        });
        reported_version_ = std::move(other);
    }
    transaction.commit();
}

// Adopts a log that pg_upgrade has brought, or whose server counts transactions from a lower number, so that
// it continues without waiting for a first call.
void Worker::take_up() {
    try {
        bool adopts = false;
        {
            store::LogTransaction transaction;
            adopts = pg::call(
                [] { return store::service() == store::Service::full && store::waits_for_worker(); });
            transaction.commit();
        }
        if (adopts) make_partitions();
    } catch (const pg::ServerError& error) {
        pg::log_unless_locked(error, "taking up the log");
    }
}

// Reads the targets again if they may have changed. Returns false if the log may no longer be accessed.
bool Worker::reload(int64_t now_ms) {
    if (!forwarder_.needs_reload(now_ms, target_changes())) return true;
    if (!ready()) return false;
    forwarder_.reload(now_ms);
    set_interest(forwarder_.interest());
    return true;
}

void Worker::maintain(int64_t now_ms) {
    if (now_ms < maintain_at_) return;
    maintain_at_ = now_ms + kMaintainEveryMs;
    try {
        make_partitions();
        store::LogTransaction transaction;
        pg::call([] {
            pg::limit_lock_waits();
            retention::start_retention(runtime::Await::nothing);
        });
        transaction.commit();
    } catch (const pg::ServerError& error) {
        // A failure such as a full disk must not keep stored events from being sent.
        pg::log_unless_locked(error, "maintenance");
    }
}

void configure_session() {
    SetConfigOption("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_OVERRIDE);
    // Generic plans are made while a partition is new and small, and are still used after it has grown.
    SetConfigOption("enable_seqscan", "off", PGC_USERSET, PGC_S_OVERRIDE);
    SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
    SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_OVERRIDE);
    SetConfigOption("jit", "off", PGC_USERSET, PGC_S_OVERRIDE);
    pgstat_report_appname("eventlog worker");
}

}  // namespace
}  // namespace eventlog::worker

extern "C" PGDLLEXPORT void eventlog_worker_main(Datum database) {
    using namespace eventlog;
    runtime::handle_signals();
    worker::claim_slot(DatumGetObjectId(database));
    pg::start_worker_session(DatumGetObjectId(database));
    pg::enter([] {
        pg::call([] { worker::configure_session(); });
        forward::Forwarder::prepare_process();
        worker::Worker().run();
    });
    worker::finish_slot();
    proc_exit(0);
}
