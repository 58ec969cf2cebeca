// The worker of one database: makes partitions ahead, and forwards events to its targets.
#include "worker/worker.h"

#include "autonomous/writer.h"
#include "pg/clock.h"
#include "pg/worker_session.h"
#include "forward/erasures.h"
#include "store/log_transaction.h"
#include "forward/target.h"
#include "worker/slot.h"
#include "settings.h"
#include "runtime/background_worker.h"
#include "runtime/event_loop.h"
#include "runtime/worker_slots.h"
#include "store/catalog.h"
#include "store/maintenance.h"
#include "retention/retention.h"

namespace eventlog::worker {
namespace {

constexpr int64_t kReloadEveryMs = 10000;
constexpr int64_t kRetryReloadMs = 1000;
constexpr int64_t kMaintainEveryMs = 60000;
constexpr int64_t kNotReadyEveryMs = 2000;

bool catalogs_changed = true;

void on_catalog_change(Datum, int, uint32) {
    catalogs_changed = true;
}

class Worker {
  public:
    // Serves the database until the extension is gone from it.
    void run();

  private:
    bool turn();
    bool installed();
    bool ready();
    void idle();
    void tell_other_version();
    void take_up_upgraded();
    void serve_log_calls();
    void take_news();
    void maintain(int64_t now);
    bool reload(int64_t now);
    void adopt_orphans();
    void announce_interest();
    int64_t due_ms() const;

    runtime::EventLoop loop_{pg::Wait::worker};
    forward::HttpClient http_{loop_};
    std::vector<std::unique_ptr<forward::Target>> targets_;
    uint32_t seen_changes_ = 0;
    int64_t reload_at_ = 0;
    int64_t retry_reload_at_ = 0;  // not before, after an error
    int64_t maintain_at_ = 0;
    int64_t look_at_ = 0;  // for events that no commit told of
    bool woken_ = true;
    std::string told_version_;  // of the SQL objects that the library is not for
};

// Whether the extension is (still) here. One of another version than the library's is left alone.
bool Worker::installed() {
    pg::SqlTransaction transaction;
    store::Service found = pg::call([] { return store::service(); });
    transaction.commit();
    return found != store::Service::none;
}

// Whether the log may be touched: the versions agree, and the database has been adopted.
bool Worker::ready() {
    pg::SqlTransaction transaction;
    bool ready =
        pg::call([] { return store::service() == store::Service::full && store::catalog().adopted; });
    transaction.commit();
    return ready;
}

// Says once for each version of the SQL objects why nothing happens, and shows it in pg_stat_activity.
void Worker::tell_other_version() {
    pg::SqlTransaction transaction;
    const char* version = pg::call([]() -> const char* {
        return store::service() == store::Service::logging ? store::installed_version() : nullptr;
    });
    std::string other = version != nullptr ? version : "";
    if (other != told_version_) {
        pg::call([version] {
            if (version != nullptr)
                store::report_other_version(
                    LOG, psprintf("The worker of database \"%s\" serves log calls alone until they agree.",
                                  get_database_name(MyDatabaseId)));
            pgstat_report_activity(
                STATE_IDLE, version == nullptr
                                ? ""
                                : psprintf("serves log calls alone: the library is of another version than "
                                           "the SQL objects, %s",
                                           version));
        });
        told_version_ = std::move(other);
    }
    transaction.commit();
}

// What pg_upgrade has brought goes on as it was, without a first call.
void Worker::take_up_upgraded() {
    try {
        store::LogTransaction transaction;
        pg::call([] {
            pg::limit_lock_waits();
            if (store::service() == store::Service::full && store::waits_for_worker())
                store::maintain(pg::unix_millis_now());
        });
        transaction.commit();
    } catch (const pg::ServerError& error) {
        pg::log_error(error, "taking up an upgraded log");
    }
}

// SQL objects that the library does not serve in full get what log calls need of a worker.
void Worker::serve_log_calls() {
    try {
        bool serves = false;
        {
            store::LogTransaction transaction;
            serves = pg::call([] {
                pg::limit_lock_waits();
                if (store::service() != store::Service::logging || !store::catalog().adopted) return false;
                if (!store::is_maintained(pg::unix_millis_now())) store::maintain(pg::unix_millis_now());
                return true;
            });
            transaction.commit();
        }
        if (serves) autonomous::serve();
    } catch (const pg::ServerError& error) {
        pg::log_error(error, "serving log calls");
    }
}

// A wait in which the log is left alone, but for log calls.
void Worker::idle() {
    targets_.clear();
    set_interest(runtime::Interest::nothing);
    catalogs_changed = true;
    tell_other_version();
    take_up_upgraded();
    serve_log_calls();
    if (!ready()) loop_.wait(pg::monotonic_ms() + kNotReadyEveryMs);
}

void Worker::maintain(int64_t now) {
    if (now < maintain_at_) return;
    maintain_at_ = now + kMaintainEveryMs;
    try {
        store::LogTransaction transaction;
        pg::call([] {
            pg::limit_lock_waits();
            if (!store::is_maintained(pg::unix_millis_now())) store::maintain(pg::unix_millis_now());
            retention::start_retention(runtime::Await::nothing);
        });
        transaction.commit();
    } catch (const pg::ServerError& error) {
        // A full disk, say, must not keep what is stored from being sent.
        pg::log_error(error, "maintenance");
    }
}

// One that cannot be adopted must not keep the others from being served.
void Worker::adopt_orphans() {
    try {
        store::LogTransaction transaction;
        pg::call([] { pg::limit_lock_waits(); });
        forward::adopt_orphan_servers();
        transaction.commit();
    } catch (const pg::ServerError& error) {
        pg::log_error(error, "a server without a cursor");
    }
}

// Brings the targets up to date with the catalog; false when the log may no longer be touched.
bool Worker::reload(int64_t now) {
    uint32_t changes = target_changes();
    bool news = catalogs_changed || changes != seen_changes_ || !store::is_current();
    if (now < (news ? retry_reload_at_ : reload_at_)) return true;
    if (!ready()) return false;
    std::vector<forward::Declaration> declarations;
    // Before the reading: a change that is told of meanwhile may have come too late for it.
    catalogs_changed = false;
    try {
        adopt_orphans();
        store::LogTransaction transaction;
        declarations = forward::load_declarations();
        pg::call([] { forward::find_erasures(); });
        transaction.commit();
    } catch (const pg::ServerError& error) {
        // The targets as they are known go on meanwhile.
        pg::log_error(error, "reading the targets");
        catalogs_changed = true;
        retry_reload_at_ = now + kRetryReloadMs;
        return true;
    }
    seen_changes_ = changes;
    reload_at_ = now + kReloadEveryMs;
    std::vector<std::unique_ptr<forward::Target>> kept;
    for (forward::Declaration& declaration : declarations) {
        auto same = std::find_if(targets_.begin(), targets_.end(),
                                 [&declaration](const std::unique_ptr<forward::Target>& target) {
                                     return target != nullptr && target->server() == declaration.server;
                                 });
        if (same == targets_.end()) {
            kept.push_back(std::make_unique<forward::Target>(http_, std::move(declaration)));
        } else {
            (*same)->declare(std::move(declaration));
            kept.push_back(std::move(*same));
        }
    }
    targets_ = std::move(kept);
    announce_interest();
    return true;
}

void Worker::announce_interest() {
    auto interest = runtime::Interest::nothing;
    for (const auto& target : targets_) {
        if (target->paused()) continue;
        interest = std::max(
            interest, target->events().only_flagged() ? runtime::Interest::flagged : runtime::Interest::all);
    }
    set_interest(interest);
}

// When there is something to do without being woken.
int64_t Worker::due_ms() const {
    int64_t until = look_at_;
    for (const auto& target : targets_)
        if (int64_t due = target->due_ms(); due >= 0) until = std::min(until, due);
    return until;
}

void Worker::take_news() {
    pg::call([] {
        runtime::reload_configuration();
        AcceptInvalidationMessages();
    });
}

// One turn of the loop: everything that can be done now, then a wait. False when the log may no longer be
// touched.
bool Worker::turn() {
    take_news();
    int64_t now = pg::monotonic_ms();
    if (!reload(now)) return false;
    autonomous::serve();
    maintain(now);
    // Traffic of one target is no reason for the others to look into the log.
    bool look = woken_ || now >= look_at_;
    if (look) look_at_ = now + settings::poll_interval;
    for (const auto& target : targets_)
        if (!target->work(pg::monotonic_ms(), look)) catalogs_changed = true;
    woken_ = loop_.wait(due_ms());
    return true;
}

void Worker::run() {
    MemoryContext each_turn = pg::call(
        [] { return AllocSetContextCreate(TopMemoryContext, "eventlog worker", ALLOCSET_DEFAULT_SIZES); });
    MemoryContextSwitchTo(each_turn);
    while (installed()) {
        try {
            if (!ready()) {
                idle();
                pg::call([each_turn] { MemoryContextReset(each_turn); });
                continue;
            }
            tell_other_version();
            while (turn()) pg::call([each_turn] { MemoryContextReset(each_turn); });
        } catch (const store::LogIsGone&) {
            catalogs_changed = true;
        }
    }
}

}  // namespace
}  // namespace eventlog::worker

extern "C" PGDLLEXPORT void eventlog_worker_main(Datum database) {
    using namespace eventlog;
    runtime::handle_signals();
    worker::claim_slot(DatumGetObjectId(database));
    pg::start_worker_session(DatumGetObjectId(database));
    pg::enter([] {
        pg::call([] {
            SetConfigOption("plan_cache_mode", "force_generic_plan", PGC_USERSET, PGC_S_OVERRIDE);
            // Generic plans are made while a partition is new and small, and live on while it grows.
            SetConfigOption("enable_seqscan", "off", PGC_USERSET, PGC_S_OVERRIDE);
            SetConfigOption("synchronous_commit", "off", PGC_USERSET, PGC_S_OVERRIDE);
            SetConfigOption("max_parallel_workers_per_gather", "0", PGC_USERSET, PGC_S_OVERRIDE);
            SetConfigOption("jit", "off", PGC_USERSET, PGC_S_OVERRIDE);
            CacheRegisterSyscacheCallback(FOREIGNSERVEROID, worker::on_catalog_change, (Datum)0);
            CacheRegisterSyscacheCallback(USERMAPPINGOID, worker::on_catalog_change, (Datum)0);
            forward::watch_erasures();
            pgstat_report_appname("eventlog worker");
        });
        curl_global_init(CURL_GLOBAL_DEFAULT);
        worker::Worker worker;
        worker.run();
    });
    worker::finish_slot();
    proc_exit(0);
}
