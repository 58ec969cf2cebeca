// Where C++ and PostgreSQL's longjmp meet. Two rules hold everywhere: no C++ exception crosses a C frame, and
// no ereport jumps over a live C++ destructor.
//
//     EVENTLOG_FUNCTION(my_function) {                       // a SQL function; `fcinfo` as in C
//         std::vector<int> work = plan();                    // C++ may throw
//         Datum result = pg::call([&] { return DirectFunctionCall1(...); });  // the server may ereport
//         return result;
//     }
//
// A server error inside pg::call arrives as a ServerError; the entry raises it again unchanged.
#pragma once

#include "pg/server.h"

#include "rules/violation.h"

namespace eventlog::pg {

// An error that the server raised, caught by `call`. The data lives in the memory context that was current
// there.
struct ServerError {
    ErrorData* data;
};

// An error of our own: what ereport takes. Empty texts are left out.
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

// Runs `thunk` under PG_TRY; the error that it raised, or null.
ErrorData* run_guarded(Thunk thunk, void* argument) noexcept;

// Has caught errors copied to `context`, which outlives what raises them; null: to the context current at the
// call. Returns what held before.
MemoryContext capture_errors_in(MemoryContext context) noexcept;

// What is to be raised once the C++ handler has closed: plain data, so that the longjmp passes over nothing.
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

// Called inside a handler of any C++ exception: describes it. Never raises.
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

// Calls something that may ereport. The lambda holds plain data only and never throws.
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

// Runs a C++ body that C code has called; what it throws becomes an ereport once every handler has closed.
template <typename Body>
Datum entry(FunctionCallInfo fcinfo, Body body) {
    Datum result = (Datum)0;
    internal::Failure failure;
    if (!internal::run([&] { result = body(fcinfo); }, failure)) internal::raise(failure);
    return result;
}

// The same for a body that takes and returns nothing: hooks, callbacks and worker mains.
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

// Turns an exception that nobody catches into FATAL for this process instead of an abort that restarts the
// cluster.
void install_terminate_handler();

}  // namespace eventlog::pg

// Defines a SQL-callable function. Inside the braces `fcinfo` is the call, and C++ may throw.
#define EVENTLOG_FUNCTION(name)                           \
    extern "C" {                                          \
    PG_FUNCTION_INFO_V1(name);                            \
    }                                                     \
    static Datum name##_body(FunctionCallInfo fcinfo);    \
    extern "C" PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) { \
        return eventlog::pg::entry(fcinfo, name##_body);  \
    }                                                     \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
