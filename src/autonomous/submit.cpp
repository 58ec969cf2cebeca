#include "autonomous/submit.h"

#include "autonomous/message.h"
#include "autonomous/queue.h"
#include "context/caller.h"
#include "pg/clock.h"
#include "ingest/pipeline.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "pg/lock_waits.h"
#include "pg/wait_event.h"
#include "settings.h"
#include "runtime/worker_slots.h"
#include "store/catalog.h"
#include "logs/events.h"
#include "store/maintenance.h"

namespace eventlog::autonomous {
namespace {

using rules::Rule;
using rules::with;

constexpr const char* kFunction = "eventlog.log_event_autonomous()";
// Time that the worker has to answer for an event that it has taken, after the caller was cancelled or ran
// out of time.
constexpr int64_t kGraceMs = 2000;
// Interval at which the worker is woken or requested again, because it may have ended meanwhile.
constexpr int64_t kWakeEveryMs = 1000;
// Interval at which the caller looks whether it blocks the worker; less than the worker waits for a lock.
constexpr int64_t kLookEveryMs = 200;

Ticket own_ticket = kNoTicket;

void on_exit(int, Datum) {
    if (own_ticket != kNoTicket) leave(own_ticket);
    own_ticket = kNoTicket;
}

void pause(long timeout_ms) {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout_ms,
                    pg::wait_event(pg::Wait::autonomous));
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

[[noreturn]] void refuse_unready() {
    pg::refuse<Rule::autonomous_not_ready>({}, with<"limit">(settings::autonomous_timeout));
}

// An event in the queue. It is given up when this object is destroyed or the process exits.
class Submission {
  public:
    explicit Submission(std::string_view message) {
        pg::call([message] {
            static bool exit_watched = false;
            if (!exit_watched) before_shmem_exit(on_exit, (Datum)0);
            exit_watched = true;
            own_ticket = enqueue(message);
        });
    }
    ~Submission() {
        pg::internal::run_guarded([](void*) { on_exit(0, (Datum)0); }, nullptr);
    }
    Submission(const Submission&) = delete;
    Submission& operator=(const Submission&) = delete;

    // Removes the event from the queue. Returns false if the worker has already taken it and may write it.
    bool withdraw() {
        bool withdrawn = pg::call([] { return autonomous::withdraw(own_ticket); });
        if (withdrawn) own_ticket = kNoTicket;
        return withdrawn;
    }

    // Waits at most `timeout_ms` for the answer, or for the withdrawn event's return. Returns false if there
    // is neither by then.
    bool wait(int64_t timeout_ms, bool interruptible) {
        return pg::call([&] {
            const int64_t begin = pg::monotonic_ms();
            const int64_t deadline = begin + timeout_ms;
            int64_t wake_at = begin;
            int64_t look_at = begin + kLookEveryMs;
            while (progress(own_ticket) < Progress::answered) {
                int64_t now = pg::monotonic_ms();
                if (now >= deadline) return false;
                if (now >= wake_at) {
                    wake_writer();
                    wake_at = now + kWakeEveryMs;
                }
                if (now >= look_at) {
                    note_if_blocking();
                    look_at = now + kLookEveryMs;
                }
                (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                static_cast<long>(std::min({deadline, wake_at, look_at}) - now),
                                pg::wait_event(pg::Wait::autonomous));
                ResetLatch(MyLatch);
                if (interruptible) CHECK_FOR_INTERRUPTS();
            }
            return true;
        });
    }

    // Returns whether the event that could not be withdrawn at once came back and will not be written.
    bool is_returned() const { return progress(own_ticket) == Progress::returned; }

    Answer answer(Refusal& refusal) {
        return pg::call([&] { return read_answer(own_ticket, refusal); });
    }

  private:
    static void note_if_blocking() {
        const int worker = runtime::worker_status().pid;
        if (worker != 0 && pg::waits_for_this_process(worker)) note_blocking(own_ticket);
    }
};

// Returns a sentence for DETAIL that says why the event was not taken.
const char* reason_not_taken() {
    const runtime::WorkerStatus worker = runtime::worker_status();
    switch (worker.state) {
        case runtime::WorkerState::running:
            if (int blocker = pg::blocker_of(worker.pid); blocker != 0)
                return psprintf("The database's worker, process %d, waits for a lock that process %d holds.",
                                static_cast<int>(worker.pid), blocker);
            return psprintf("The database's worker, process %d, is running but has not taken the event.",
                            static_cast<int>(worker.pid));
        case runtime::WorkerState::held:
            return "The database's worker is stopped for a command that requires that nobody else uses the "
                   "database.";
        case runtime::WorkerState::failed:
            return "The database's worker has failed and will be restarted.";
        case runtime::WorkerState::unused:
        case runtime::WorkerState::wanted:
        case runtime::WorkerState::started:
        case runtime::WorkerState::finished:
            break;
    }
    return "The database has no worker.";
}

[[noreturn]] void refuse_untaken() {
    pg::call([] {
        pg::refuse<Rule::autonomous_timeout>({}, with<"limit">(settings::autonomous_timeout),
                                             with<"reason">(reason_not_taken()));
    });
    pg_unreachable();
}

const char* text_of(const ids::Uuid& id) {
    return DatumGetCString(DirectFunctionCall1(uuid_out, pg::uuid_datum(id)));
}

[[noreturn]] void refuse_unknown(const ids::Uuid& id) {
    pg::call([&id] {
        pg::refuse<Rule::autonomous_unconfirmed>({}, with<"limit">(settings::autonomous_timeout),
                                                 with<"id">(text_of(id)));
    });
    pg_unreachable();
}

// Adds to the error of a cancelled call what is known about the event, if the event was or may have been
// written.
void describe_cancelled(Submission& submission, const ids::Uuid& id, ErrorData* error) {
    if (submission.withdraw()) return;
    Refusal refusal{};
    bool answered = submission.wait(kGraceMs, false);
    if (answered) {
        if (submission.is_returned()) return;
        Answer answer = submission.answer(refusal);
        if (answer.sqlstate != 0 || answer.claim != store::Claim::taken) return;
    }
    pg::call([&] {
        error->detail = psprintf(answered ? "The event was written, with the id %s."
                                          : "The event may have been written, with the id %s.",
                                 text_of(id));
    });
}

Answer exchange(std::string_view message, const ids::Uuid& id, Refusal& refusal) {
    Submission submission(message);
    bool answered = false;
    try {
        answered = submission.wait(settings::autonomous_timeout, true);
    } catch (const pg::ServerError& error) {
        describe_cancelled(submission, id, error.data);
        throw;
    }
    if (!answered) {
        if (submission.withdraw()) refuse_untaken();
        if (!submission.wait(kGraceMs, false)) refuse_unknown(id);
        if (submission.is_returned()) refuse_untaken();
    }
    return submission.answer(refusal);
}

[[noreturn]] void raise(int sqlstate, const Refusal& refusal) {
    auto text = [](const char* given) { return std::string(given != nullptr ? given : ""); };
    throw pg::Error{.sqlstate = sqlstate,
                    .message = text(refusal.message),
                    .detail = text(refusal.detail),
                    .hint = text(refusal.hint),
                    .column = text(refusal.column),
                    .constraint = text(refusal.constraint)};
}

// Waits as a commit of the caller itself would, because the worker did not wait for standbys.
void wait_for_standbys(XLogRecPtr committed) {
    HOLD_INTERRUPTS();
    SyncRepWaitForLSN(committed, true);
    RESUME_INTERRUPTS();
}

// Waits for the transaction that has written the event's key, because its end decides the answer.
void wait_for_owner(TransactionId owner) {
    if (TransactionIdIsCurrentTransactionId(owner))
        pg::refuse<Rule::idempotency_key_pending>("idempotency_key");
    XactLockTableWait(owner, nullptr, nullptr, XLTW_None);
}

// Returns the caller's transaction in the form that pg_xact_status() takes, or nothing if it has no number.
std::string_view caller_xid() {
    FullTransactionId xid = GetTopFullTransactionIdIfAny();
    if (!FullTransactionIdIsValid(xid)) return {};
    return psprintf(UINT64_FORMAT, U64FromFullTransactionId(xid));
}

// The first call adopts a log that was restored from elsewhere. Another process does it, because the worker
// would have to wait for the end of the caller's transaction.
void await_adoption() {
    constexpr long kPauseMs = 20;
    const int64_t deadline = pg::monotonic_ms() + settings::autonomous_timeout;
    while (!store::catalog().adopted && !store::make_ready_elsewhere(pg::unix_millis_now())) {
        if (pg::monotonic_ms() >= deadline) refuse_unready();
        pause(kPauseMs);
        AcceptInvalidationMessages();
    }
}

ingest::Prepared prepare(const event::Event& event, size_t metadata_bytes) {
    struct Opened {
        Relation events;
        std::string_view xid;
    };
    Opened opened = pg::call([] {
        await_adoption();
        return Opened{table_open(store::catalog().table_of(logs::kEvents), AccessShareLock), caller_xid()};
    });
    ingest::Prepared prepared = ingest::prepare(opened.events, event, metadata_bytes, opened.xid);
    pg::call([&] { table_close(opened.events, AccessShareLock); });
    return prepared;
}

std::string_view encoded(const ingest::Prepared& prepared) {
    Message message;
    message.row = prepared.stamped.row;
    message.metadata = {reinterpret_cast<const char*>(prepared.stamped.metadata),
                        VARSIZE(prepared.stamped.metadata)};
    message.forward = prepared.stamped.forward;
    message.key = prepared.key;
    const size_t size = encoded_size(message);
    auto* bytes = static_cast<char*>(pg::call([size] { return palloc(size); }));
    encode(message, bytes);
    return {bytes, size};
}

}  // namespace

void require_writer() {
    (void)context::current_caller();
    PreventCommandDuringRecovery(kFunction);
    PreventCommandIfParallelMode(kFunction);
    if (!exists()) pg::refuse<Rule::preload_required>({});
    if (!runtime::may_have_worker(get_database_name(MyDatabaseId))) pg::refuse<Rule::autonomous_unserved>({});
    if (runtime::worker_status().pid == MyProcPid) pg::refuse<Rule::autonomous_in_worker>({});
}

ids::Uuid submit(const event::Event& event, size_t metadata_bytes) {
    while (true) {
        ingest::Prepared prepared = prepare(event, metadata_bytes);
        Refusal refusal{};
        Answer answer = exchange(encoded(prepared), prepared.stamped.row.event_id, refusal);
        if (answer.sqlstate != 0) raise(answer.sqlstate, refusal);
        if (answer.claim == store::Claim::pending) {
            pg::call([&] { wait_for_owner(answer.owner); });
            continue;
        }
        store::KeyClaim claim{};
        claim.outcome = answer.claim;
        claim.first = answer.first;
        claim.same_payload = answer.same_payload;
        ids::Uuid id = ingest::id_of(claim, event, answer.id);
        pg::call([&] { wait_for_standbys(answer.committed); });
        return id;
    }
}

}  // namespace eventlog::autonomous
