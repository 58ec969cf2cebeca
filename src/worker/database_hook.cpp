#include "worker/database_hook.h"

#include <csignal>

#include "pg/clock.h"
#include "pg/boundary.h"
#include "pg/wait_event.h"
#include "runtime/commit_signal.h"
#include "runtime/log_counters.h"
#include "runtime/worker_slots.h"

namespace eventlog::worker {
namespace {

using runtime::WorkerSlot;
using runtime::WorkerSlots;
using runtime::WorkerState;

constexpr int64_t kLongestHoldMs = 60000;
constexpr int kWaitMs = 10;
constexpr int kLongestWaitMs = 5000;

ProcessUtility_hook_type previous_hook = nullptr;

// Returns the database that the command needs to itself, or null if it needs none.
const char* wanted_database(Node* statement) {
    if (IsA(statement, DropdbStmt)) return reinterpret_cast<DropdbStmt*>(statement)->dbname;
    if (IsA(statement, CreatedbStmt)) {
        ListCell* cell = nullptr;
        foreach (cell, reinterpret_cast<CreatedbStmt*>(statement)->options) {
            auto* option = static_cast<DefElem*>(lfirst(cell));
            if (strcmp(option->defname, "template") == 0 && option->arg != nullptr)
                return defGetString(option);
        }
        return "template1";
    }
    if (IsA(statement, RenameStmt) && reinterpret_cast<RenameStmt*>(statement)->renameType == OBJECT_DATABASE)
        return reinterpret_cast<RenameStmt*>(statement)->subname;
    if (IsA(statement, AlterDatabaseStmt)) {
        auto* alter = reinterpret_cast<AlterDatabaseStmt*>(statement);
        ListCell* cell = nullptr;
        foreach (cell, alter->options)
            if (strcmp(static_cast<DefElem*>(lfirst(cell))->defname, "tablespace") == 0) return alter->dbname;
    }
    return nullptr;
}

bool is_template(Oid database) {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
    if (!HeapTupleIsValid(tuple)) return false;
    bool result = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple))->datistemplate;
    ReleaseSysCache(tuple);
    return result;
}

// Returns whether the caller has the privilege to run the command. A command that will be refused must not
// stop the worker of another user's database.
bool may_command(Node* statement, Oid database) {
#if PG_VERSION_NUM >= 160000
    bool owner = object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
    bool owner = pg_database_ownercheck(database, GetUserId());
#endif
    return owner || (IsA(statement, CreatedbStmt) && is_template(database) && have_createdb_privilege());
}

// The processes that hold up a command.
struct Found {
    bool starting;  // a worker is being started and has not shown its process yet
    pid_t worker;
    pid_t retention;
};

Found mark_held(Oid database) {
    return runtime::worker_slots.locked(LW_EXCLUSIVE, [database](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find_or_add(database);
        if (slot == nullptr) return Found{};
        const bool starting = slot->state == WorkerState::started;
        if (!starting) slot->state = WorkerState::held;
        slot->held_until = pg::monotonic_ms() + kLongestHoldMs;
        return Found{starting, slot->pid, slot->retention_pid};
    });
}

// Keeps the launcher from starting a worker in the database, even if it has not seen the database yet. Ends
// the running worker and the process that drops old partitions.
void hold(Oid database) {
    for (int waited = 0; waited <= kLongestWaitMs; waited += kWaitMs) {
        const Found found = mark_held(database);
        if (found.worker == 0 && found.retention == 0 && !found.starting) return;
        if (found.worker != 0) kill(found.worker, SIGTERM);
        if (found.retention != 0) kill(found.retention, SIGTERM);
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kWaitMs,
                        pg::wait_event(pg::Wait::worker_exit));
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void release(Oid database, bool dropped) {
    if (dropped) runtime::free_log_counters(database);
    runtime::worker_slots.locked(LW_EXCLUSIVE, [database, dropped](WorkerSlots& slots) {
        WorkerSlot* slot = slots.find(database);
        if (slot == nullptr || slot->state != WorkerState::held) return;
        slot->state = dropped ? WorkerState::unused : WorkerState::wanted;
        if (dropped) slot->database = InvalidOid;
    });
    runtime::wake_launcher();
}

// Holds a database for the duration of a command, and releases it even if the command fails.
class Hold {
  public:
    explicit Hold(Oid database) : held_{database, false} {
        pg::call([database] { hold(database); });
    }
    ~Hold() {
        auto let_go = [](void* held) {
            auto* h = static_cast<Held*>(held);
            release(h->database, h->dropped);
        };
        pg::internal::run_guarded(let_go, &held_);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    void dropped() { held_.dropped = true; }

  private:
    struct Held {
        Oid database;
        bool dropped;
    } held_;
};

bool commits_prepared(Node* statement) {
    return IsA(statement, TransactionStmt) &&
           reinterpret_cast<TransactionStmt*>(statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

// A prepared transaction has lost what it would have told the worker, so whatever it may have been is told.
void tell_of_prepared() {
    AcceptInvalidationMessages();
    if (OidIsValid(get_extension_oid("eventlog", true)))
        runtime::notify_at_commit(runtime::Notice::targets_changed);
}

void on_utility(PlannedStmt* statement, const char* query, bool read_only_tree, ProcessUtilityContext context,
                ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* destination,
                QueryCompletion* completion) {
    auto run = [&] {
        auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
        next(statement, query, read_only_tree, context, parameters, environment, destination, completion);
    };
    if (commits_prepared(statement->utilityStmt)) {
        run();
        pg::enter([] { pg::call([] { tell_of_prepared(); }); });
        return;
    }
    const char* name = wanted_database(statement->utilityStmt);
    if (name == nullptr || !runtime::is_preloaded()) {
        run();
        return;
    }
    pg::enter([&] {
        Oid database = pg::call([name, statement] {
            Oid found = get_database_oid(name, true);
            return OidIsValid(found) && may_command(statement->utilityStmt, found) ? found : InvalidOid;
        });
        std::optional<Hold> held;
        if (OidIsValid(database)) held.emplace(database);
        pg::call(run);
        if (held && IsA(statement->utilityStmt, DropdbStmt)) held->dropped();
    });
}

}  // namespace

void install_database_hook() {
    previous_hook = ProcessUtility_hook;
    ProcessUtility_hook = on_utility;
}

}  // namespace eventlog::worker
