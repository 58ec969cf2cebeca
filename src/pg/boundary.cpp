#include "pg/boundary.h"

#include "pg/own_frames.h"

namespace eventlog::pg {
namespace {

// The context that caught errors are copied to. A null pointer stands for the context that is current at the
// call.
MemoryContext capture_context = nullptr;

constexpr const char* kOutOfMemory = "out of memory";

// Returns an error that needs no memory, for the case that copying an error fails.
ErrorData* out_of_memory() {
    static ErrorData data;
    data = ErrorData{};
    data.elevel = ERROR;
    data.sqlerrcode = ERRCODE_OUT_OF_MEMORY;
    data.message = const_cast<char*>(kOutOfMemory);
    data.output_to_server = true;
    data.output_to_client = true;
    data.assoc_context = ErrorContext;
    return &data;
}

ErrorData* copy_current_error(MemoryContext context) noexcept {
    ErrorData* volatile copy = nullptr;
    PG_TRY();
    {
        MemoryContextSwitchTo(context);
        copy = CopyErrorData();
    }
    PG_CATCH();
    { copy = out_of_memory(); }
    PG_END_TRY();
    FlushErrorState();
    return copy;
}

char* keep(std::string_view text) noexcept {
    if (text.empty() || !AllocSizeIsValid(text.size() + 1)) return nullptr;
    auto* copy = static_cast<char*>(
        MemoryContextAllocExtended(CurrentMemoryContext, text.size() + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) return nullptr;
    memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    return copy;
}

internal::Failure failure_of(const Error& error) noexcept {
    char* message = keep(error.message);
    if (message == nullptr && !error.message.empty())
        return {.sqlstate = ERRCODE_OUT_OF_MEMORY, .message = kOutOfMemory};
    return {.sqlstate = error.sqlstate,
            .message = message,
            .detail = keep(error.detail),
            .hint = keep(error.hint),
            .context = keep(error.context),
            .column = keep(error.column),
            .constraint = keep(error.constraint)};
}

[[noreturn]] void on_terminate() {
    if (MyProcPid == PostmasterPid || CurrentMemoryContext == nullptr) abort();
    ereport(FATAL, errcode(ERRCODE_INTERNAL_ERROR),
            errmsg("eventlog: an unhandled C++ exception ended this process"));
    abort();
}

}  // namespace

namespace internal {

ErrorData* run_guarded(Thunk thunk, void* argument) noexcept {
    MemoryContext caller_context = CurrentMemoryContext;
    uint32 interrupts_held = InterruptHoldoffCount;
    uint32 cancels_held = QueryCancelHoldoffCount;
    ErrorData* volatile error = nullptr;
    PG_TRY();
    { thunk(argument); }
    PG_CATCH();
    {
        error = copy_current_error(capture_context != nullptr ? capture_context : caller_context);
        MemoryContextSwitchTo(caller_context);
        // Error handling has reset these counters, although the caller still holds interrupts off.
        InterruptHoldoffCount = interrupts_held;
        QueryCancelHoldoffCount = cancels_held;
    }
    PG_END_TRY();
    return error;
}

Failure describe_current_exception() noexcept {
    try {
        throw;
    } catch (const ServerError& error) {
        return {.server = error.data};
    } catch (const Error& error) {
        return failure_of(error);
    } catch (const std::bad_alloc&) {
        return {.sqlstate = ERRCODE_OUT_OF_MEMORY, .message = kOutOfMemory};
    } catch (const std::exception& error) {
        return {.message = keep(error.what())};
    } catch (...) {
        return {.message = "unknown C++ exception"};
    }
}

void raise(const Failure& failure) {
    if (failure.server != nullptr) {
        // ereport resets these counters; ReThrowError does not.
        InterruptHoldoffCount = 0;
        QueryCancelHoldoffCount = 0;
        ReThrowError(failure.server);
    }
    report(ERROR, failure);
    pg_unreachable();
}

void report(int level, const Failure& failure) {
    if (level >= ERROR) leave_out_own_frames();
    ereport(
        level, errcode(failure.sqlstate),
        errmsg_internal("%s", failure.message != nullptr ? failure.message : "unnamed C++ exception"),
        failure.detail != nullptr ? errdetail_internal("%s", failure.detail) : 0,
        failure.hint != nullptr ? errhint("%s", failure.hint) : 0,
        failure.context != nullptr ? errcontext("%s", failure.context) : 0,
        failure.column != nullptr ? err_generic_string(PG_DIAG_COLUMN_NAME, failure.column) : 0,
        failure.constraint != nullptr ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, failure.constraint) : 0);
}

MemoryContext capture_errors_in(MemoryContext context) noexcept {
    return std::exchange(capture_context, context);
}

}  // namespace internal

Error error_of(const rules::Violation& violation) {
    const std::string_view state = rules::sqlstate_of(violation.rule);
    return {.sqlstate = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]),
            .message = violation.message,
            .detail = violation.detail,
            .hint = violation.hint,
            .column = violation.field,
            .constraint = std::string(rules::id_of(violation.rule))};
}

void log_error(const ServerError& error, const char* what) noexcept {
    struct Arguments {
        const ErrorData* data;
        const char* what;
    } arguments{error.data, what};
    internal::run_guarded(
        [](void* p) {
            auto* a = static_cast<Arguments*>(p);
            ereport(LOG, errcode(a->data->sqlerrcode), errmsg("eventlog: %s: %s", a->what, a->data->message),
                    a->data->detail != nullptr ? errdetail_internal("%s", a->data->detail) : 0,
                    a->data->hint != nullptr ? errhint("%s", a->data->hint) : 0);
        },
        &arguments);
}

void log_unless_locked(const ServerError& error, const char* what) noexcept {
    const int code = error.data->sqlerrcode;
    if (code != ERRCODE_LOCK_NOT_AVAILABLE && code != ERRCODE_T_R_DEADLOCK_DETECTED) log_error(error, what);
}

void install_terminate_handler() {
    std::set_terminate(on_terminate);
}

}  // namespace eventlog::pg
