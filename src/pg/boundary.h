// The boundary between C++ exceptions and PostgreSQL's longjmp. Two rules hold everywhere: no C++ exception
// crosses a C frame, and no ereport jumps over a live C++ destructor.
//
//     EVENTLOG_FUNCTION(my_function) {                       // a SQL function; `fcinfo` as in C
//         std::vector<int> work = plan();                    // C++ may throw
//         Datum result = pg::call([&] { return DirectFunctionCall1(...); });  // the server may ereport
//         return result;
//     }
//
// A server error inside pg::call arrives as a ServerError, and the entry function raises it again unchanged.
#pragma once

#include "pg/server.h"

#include "rules/violation.h"

namespace eventlog::pg {

// An error that the server raised and that `call` caught. The data lives in the memory context that was
// current at the call.
struct ServerError {
    ErrorData* data;
};

// An error of the extension itself, with the arguments of ereport. Empty texts are left out.
struct Error {
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    std::string message = {};
    std::string detail = {};
    std::string hint = {};
    std::string context = {};
    std::string column = {};
    std::string constraint = {};
};

// The error of a broken rule.
Error error_of(const rules::Violation& violation);

namespace internal {

using Thunk = void (*)(void*);

// Runs `thunk` under PG_TRY. Returns the error that it raised, or null.
ErrorData* run_guarded(Thunk thunk, void* argument) noexcept;

// Makes caught errors be copied to `context`, which must outlive the code that raises them. A null pointer
// stands for the context that is current at each call. Returns the previous context.
MemoryContext capture_errors_in(MemoryContext context) noexcept;

// The error to raise once the C++ handler has ended. It is plain data, so the longjmp skips no destructor.
struct Failure {
    ErrorData* server = nullptr;
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    const char* message = nullptr;
    const char* detail = nullptr;
    const char* hint = nullptr;
    const char* context = nullptr;
    const char* column = nullptr;
    const char* constraint = nullptr;
};

// Describes the current C++ exception. It must be called inside a handler, and never raises.
Failure describe_current_exception() noexcept;
[[noreturn]] void raise(const Failure& failure);
// Reports an error of our own at this level.
void report(int level, const Failure& failure);

template <typename Body>
bool run(Body&& body, Failure& failure) noexcept {
    try {
        body();
        return true;
    } catch (...) {
        failure = describe_current_exception();
        return false;
    }
}

}  // namespace internal

// Calls a function that may ereport, and throws the error as a ServerError. The lambda must hold only plain
// data and must not throw.
template <typename F>
auto call(F&& body) -> decltype(body()) {
    using Function = std::remove_reference_t<F>;
    using Result = decltype(body());
    static_assert(std::is_trivially_destructible_v<Function>,
                  "an ereport would jump over the lambda's captures");
    if constexpr (std::is_void_v<Result>) {
        ErrorData* error = internal::run_guarded([](void* f) noexcept { (*static_cast<Function*>(f))(); },
                                                 const_cast<std::remove_const_t<Function>*>(&body));
        if (error != nullptr) throw ServerError{error};
    } else {
        static_assert(std::is_trivially_destructible_v<Result>, "an ereport would jump over the result");
        struct Frame {
            Function* body;
            Result result;
        } frame{&body, Result{}};
        ErrorData* error = internal::run_guarded(
            [](void* f) noexcept {
                auto* frame = static_cast<Frame*>(f);
                frame->result = (*frame->body)();
            },
            &frame);
        if (error != nullptr) throw ServerError{error};
        return frame.result;
    }
}

// Runs a C++ body that C code has called. An exception that leaves the body becomes an ereport after every
// handler has ended.
template <typename Body>
Datum entry(FunctionCallInfo fcinfo, Body body) {
    Datum result = (Datum)0;
    internal::Failure failure;
    if (!internal::run([&] { result = body(fcinfo); }, failure)) internal::raise(failure);
    return result;
}

// Does the same for a body without arguments and result: a hook, a callback or the main function of a worker.
template <typename Body>
void enter(Body body) {
    static_assert(std::is_trivially_destructible_v<Body>, "an ereport would jump over the body's captures");
    internal::Failure failure;
    if (!internal::run(body, failure)) internal::raise(failure);
}

// Reports a broken rule at this level where nothing may be thrown, as ereport does: inside pg::call.
template <rules::Rule rule, typename... Values>
void report(int level, std::string_view field, const Values&... values) {
    internal::Failure failure;
    internal::run([&] { throw error_of(rules::violation<rule>(field, values...)); }, failure);
    internal::report(level, failure);
}

// The same at level ERROR, which does not return.
//
//     if (!cursor) pg::refuse<Rule::cursor_format>("cursor", with<"found">(text));
template <rules::Rule rule, typename... Values>
[[noreturn]] void refuse(std::string_view field, const Values&... values) {
    report<rule>(ERROR, field, values...);
    pg_unreachable();
}

// Writes a caught server error to the log (level LOG), without raising it.
void log_error(const ServerError& error, const char* what) noexcept;

// Does the same unless the step failed because somebody else holds a lock. Such a step is tried again later.
void log_unless_locked(const ServerError& error, const char* what) noexcept;

// Turns an exception that no handler catches into FATAL for this process. Otherwise the process would abort,
// and the whole cluster would restart.
void install_terminate_handler();

}  // namespace eventlog::pg

// Defines a function that SQL can call. Its body has the argument `fcinfo`, as in C, and may throw C++
// exceptions.
#define EVENTLOG_FUNCTION(name)                           \
    extern "C" {                                          \
    PG_FUNCTION_INFO_V1(name);                            \
    }                                                     \
    static Datum name##_body(FunctionCallInfo fcinfo);    \
    extern "C" PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) { \
        return eventlog::pg::entry(fcinfo, name##_body);  \
    }                                                     \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
