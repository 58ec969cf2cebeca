// A background worker whose transactions end in every way; it notes what it finds in the table notes(step,
// note).
#include "boundary_test.h"

extern "C" PGDLLEXPORT void boundary_worker_main(Datum database);

namespace {

using namespace boundary_test;

void run(const char* sql) {
    pg::call([sql] { execute(sql); });
}

void keep(const char* row) {
    pg::call([row] { execute(psprintf("INSERT INTO public.kept VALUES (%s)", quote_literal_cstr(row))); });
}

void note(const char* step, const char* text) {
    pg::Transaction transaction;
    pg::call([step, text] {
        execute(psprintf("INSERT INTO public.notes VALUES (%s, %s)", quote_literal_cstr(step),
                         quote_literal_cstr(text)));
    });
    transaction.commit();
}

// Runs a step with objects alive, and notes what it threw and what state it left.
template <typename Step>
void attempt(const char* name, Step step) {
    MemoryContext memory = CurrentMemoryContext;
    std::string outcome = "no error";
    try {
        Live here;
        step();
    } catch (const pg::ServerError& error) {
        const ErrorData* data = error.data;
        outcome = std::string(unpack_sql_state(data->sqlerrcode)) + " " + data->message;
        if (data->detail != nullptr) outcome += std::string(" | ") + data->detail;
        if (data->hint != nullptr) outcome += std::string(" | ") + data->hint;
        if (GetMemoryChunkContext(error.data) != memory) outcome += "; the error lies elsewhere";
        pg::log_error(error, name);
    } catch (const std::exception& error) {
        outcome = error.what();
    }
    if (Live::count() != 0) outcome += "; objects leaked";
    if (CurrentMemoryContext != memory) outcome += "; another memory context";
    if (IsTransactionState() || ActiveSnapshotSet()) outcome += "; a transaction is open";
    note(name, outcome.c_str());
}

void commit() {
    MemoryContext memory = CurrentMemoryContext;
    pg::Transaction transaction;
    keep("committed");
    transaction.commit();
    if (CurrentMemoryContext != memory) throw std::runtime_error("another memory context");
}

void leave() {
    pg::Transaction transaction;
    keep("left without commit");
}

void throw_exception() {
    pg::Transaction transaction;
    keep("exception");
    throw Exception();
}

void fail_in_server() {
    pg::Transaction transaction;
    keep("server error");
    run("DO $$BEGIN RAISE 'raised' USING ERRCODE = 'EV002', DETAIL = 'Its detail.', HINT = 'Its hint.'; "
        "END$$");
    transaction.commit();
}

void catch_inside() {
    pg::Transaction transaction;
    keep("caught inside");
    MemoryContext memory = CurrentMemoryContext;
    try {
        pg::call([] { return DirectFunctionCall2(int4div, Int32GetDatum(1), Int32GetDatum(0)); });
    } catch (const pg::ServerError&) {
        if (CurrentMemoryContext != memory) throw std::runtime_error("another memory context");
    }
    transaction.commit();
}

void fail_at_commit() {
    pg::Transaction transaction;
    keep("commit failure");
    run("INSERT INTO public.checked_at_commit VALUES (1), (1)");
    transaction.commit();
}

// Failed transactions must not leave memory behind, but for what they add to the context they began in.
void fail_often() {
    MemoryContext memory = CurrentMemoryContext;
    Size before = 0;
    for (int i = 0; i < 1100; i++) {
        if (i == 100) before = MemoryContextMemAllocated(TopMemoryContext, true);
        try {
            fail_in_server();
        } catch (const pg::ServerError&) {
        }
        pg::call([memory] { MemoryContextReset(memory); });
    }
    if (MemoryContextMemAllocated(TopMemoryContext, true) != before) throw std::runtime_error("memory grows");
}

}  // namespace

extern "C" void boundary_worker_main(Datum database) {
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    pg::start_worker_session(DatumGetObjectId(database));
    MemoryContextSwitchTo(AllocSetContextCreate(TopMemoryContext, "boundary test", ALLOCSET_DEFAULT_SIZES));
    pg::enter([] {
        attempt("commit", commit);
        attempt("leave", leave);
        attempt("exception", throw_exception);
        attempt("server error", fail_in_server);
        attempt("caught inside", catch_inside);
        attempt("commit failure", fail_at_commit);
        attempt("many errors", fail_often);
        Live here;
        throw std::runtime_error("the worker's last exception");
    });
}

// boundary_run_worker(): starts the worker and waits for its end
EVENTLOG_FUNCTION(boundary_run_worker) {
    pg::call([] {
        BackgroundWorker worker{};
        worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
        worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
        worker.bgw_restart_time = BGW_NEVER_RESTART;
        worker.bgw_notify_pid = MyProcPid;
        worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
        strlcpy(worker.bgw_name, "boundary test", BGW_MAXLEN);
        strlcpy(worker.bgw_type, "boundary test", BGW_MAXLEN);
        strlcpy(worker.bgw_library_name, "boundary_test", sizeof(worker.bgw_library_name));
        strlcpy(worker.bgw_function_name, "boundary_worker_main", BGW_MAXLEN);
        BackgroundWorkerHandle* handle = nullptr;
        if (!RegisterDynamicBackgroundWorker(&worker, &handle)) elog(ERROR, "no worker slot is free");
        if (WaitForBackgroundWorkerShutdown(handle) != BGWH_STOPPED) elog(ERROR, "the worker did not end");
    });
    PG_RETURN_VOID();
}
