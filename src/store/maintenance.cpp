#include "store/maintenance.h"

#include "pg/boundary.h"
#include "pg/transaction.h"
#include "pg/worker_session.h"
#include "settings.h"
#include "store/adoption.h"
#include "store/catalog.h"
#include "runtime/helper_process.h"
#include "store/partitions.h"

namespace eventlog::store {
namespace {

// The caller's own transaction may hold a lock that the helper waits for, and the server cannot detect that
// deadlock.
constexpr const char* kHelperLockTimeout = "2s";

// The arguments of the helper process, which are passed in bgw_extra.
struct HelperArguments {
    int64_t unix_millis;
    int32_t partition_width;  // this and the next two are the caller's settings
    int32_t partitions_ahead;
    int32_t idempotency_window;
};
static_assert(sizeof(HelperArguments) <= BGW_EXTRALEN);

// Whoever adopts the database or makes partitions holds this lock on the extension until its transaction
// ends. So only one process at a time does that, and none does while the extension is dropped.
constexpr LOCKMODE kMaintenanceLock = ShareUpdateExclusiveLock;

bool is_ready(int64_t unix_millis) {
    return catalog().adopted && has_partitions(unix_millis);
}

}  // namespace

bool is_maintained(int64_t unix_millis) {
    return catalog().adopted && has_partitions_ahead(unix_millis);
}

bool waits_for_worker() {
    const Catalog& known = catalog();
    return !known.adopted && may_be_taken_up(known.cluster);
}

bool maintain_step(int64_t unix_millis) {
    if (is_maintained(unix_millis)) return false;
    lock_extension(kMaintenanceLock);
    adopt();
    make_next_partition(unix_millis);
    return true;
}

void maintain(int64_t unix_millis) {
    // Nobody else sees a database that this transaction has adopted.
    if (catalog().adopted && !is_maintained(unix_millis)) make_ready_elsewhere(unix_millis);
    while (maintain_step(unix_millis)) CHECK_FOR_INTERRUPTS();
}

bool make_ready_elsewhere(int64_t unix_millis) {
    HelperArguments arguments{unix_millis, settings::partition_width, settings::partitions_ahead,
                              settings::idempotency_window};
    if (!runtime::run_helper(
            {"eventlog maintenance", "eventlog_maintenance_main", &arguments, sizeof(arguments)},
            runtime::Await::end))
        return false;
    AcceptInvalidationMessages();
    return is_ready(unix_millis);
}

void make_ready(int64_t unix_millis) {
    if (make_ready_elsewhere(unix_millis)) return;
    lock_extension(kMaintenanceLock);
    if (is_ready(unix_millis)) {
        unlock_extension(kMaintenanceLock);
        return;
    }
    adopt();
    make_partitions(unix_millis);
}

}  // namespace eventlog::store

extern "C" PGDLLEXPORT void eventlog_maintenance_main(Datum database) {
    using namespace eventlog;
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    store::HelperArguments arguments;
    memcpy(&arguments, MyBgworkerEntry->bgw_extra, sizeof(arguments));
    pg::start_worker_session(DatumGetObjectId(database));
    pg::enter([&arguments] {
        pg::call([&arguments] {
            SetConfigOption("lock_timeout", store::kHelperLockTimeout, PGC_USERSET, PGC_S_OVERRIDE);
            auto set = [](const char* name, int value) {
                SetConfigOption(name, psprintf("%d", value), PGC_SUSET, PGC_S_OVERRIDE);
            };
            set("eventlog.partition_width", arguments.partition_width);
            set("eventlog.partitions_ahead", arguments.partitions_ahead);
            set("eventlog.idempotency_window", arguments.idempotency_window);
        });
        for (bool more = true; more;) {
            pg::Transaction transaction;
            more = pg::call([&arguments] {
                CHECK_FOR_INTERRUPTS();
                return store::service() != store::Service::none &&
                       store::maintain_step(arguments.unix_millis);
            });
            transaction.commit();
        }
    });
}
