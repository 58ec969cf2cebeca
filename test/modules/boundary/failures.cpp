// SQL functions that fail, each with objects alive that have destructors.
#include "boundary_test.h"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

namespace {

using namespace boundary_test;

struct OwnError : pg::Error {
    Live live;
};

void throw_exception() {
    throw Exception();
}

void throw_number() {
    throw 42;
}

void throw_own_error() {
    throw OwnError{{.sqlstate = MAKE_SQLSTATE('E', 'V', '0', '0', '1'),
                    .message = "100% own message",
                    .detail = "Own detail, 100%.",
                    .hint = "Own hint, 100%.",
                    .context = "own context, 100%",
                    .column = "own_column",
                    .constraint = "own_constraint"},
                   {}};
}

void throw_nameless_error() {
    throw pg::Error{};
}

void run_out_of_memory() {
    // Stored, since a compiler may leave out an allocation that nobody uses.
    [[maybe_unused]] static void* volatile memory;
    memory = ::operator new(PTRDIFF_MAX);
}

void divide() {
    pg::call([] { return DirectFunctionCall2(int4div, Int32GetDatum(1), Int32GetDatum(0)); });
}

template <typename Result, typename... Arguments>
Result refuse(Arguments...) {
    ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("no memory"));
}

// Makes a memory context current that has no memory to give.
class Exhaustion {
  public:
    Exhaustion() {
        methods_.alloc = refuse;
        context_.methods = &methods_;
        MemoryContextSwitchTo(&context_);
    }
    ~Exhaustion() { MemoryContextSwitchTo(outer_); }

  private:
    MemoryContext outer_ = CurrentMemoryContext;
    MemoryContextData context_ = *outer_;
    MemoryContextMethods methods_ = *outer_->methods;
};

void divide_without_memory() {
    Exhaustion here;
    divide();
}

void divide_with_interrupts_held() {
    HOLD_INTERRUPTS();
    divide();
}

void sleep_long() {
    pg::call([] { return DirectFunctionCall1(pg_sleep, Float8GetDatum(600)); });
}

void divide_below(int frames) {
    Live here;
    if (frames == 0) return divide();
    std::vector<Live> more(3);
    divide_below(frames - 1);
}

void fail_deep() {
    divide_below(20);
}

// A destructor that meets a server error while another exception passes through its frame.
void fail_while_unwinding() {
    struct Guard {
        Live live;
        ~Guard() {
            try {
                divide();
            } catch (const pg::ServerError&) {
            }
        }
    } guard;
    throw Exception();
}

void fail_in_handler() {
    try {
        throw Exception();
    } catch (const Exception&) {
        divide();
    }
}

void replace_error() {
    try {
        divide();
    } catch (const pg::ServerError&) {
        throw Exception();
    }
}

// Fails with a context callback, a memory context and interrupts held that nobody puts back.
void divide_leaving_state() {
    pg::call([] {
        ErrorContextCallback callback{
            .previous = error_context_stack, .callback = [](void*) { errcontext("stale"); }, .arg = nullptr};
        error_context_stack = &callback;
        MemoryContextSwitchTo(TopMemoryContext);
        HOLD_INTERRUPTS();
        HOLD_CANCEL_INTERRUPTS();
        DirectFunctionCall2(int4div, Int32GetDatum(1), Int32GetDatum(0));
    });
}

// The second error's DETAIL tells the first one's CONTEXT.
void fail_after_caught_error() {
    try {
        divide_leaving_state();
    } catch (const pg::ServerError& error) {
        throw OwnError{{.message = "second error", .detail = error.data->context}, {}};
    }
}

void fail_below_noexcept() {
    []() noexcept { throw_exception(); }();
}

void throw_from_lambda() {
    pg::call([] { throw_exception(); });
}

void nest_calls_directly() {
    pg::call([] { divide(); });
}

struct Failure {
    std::string_view name;
    void (*fail)();
};

constexpr Failure kFailures[] = {
    {"exception", throw_exception},
    {"number", throw_number},
    {"own error", throw_own_error},
    {"nameless error", throw_nameless_error},
    {"out of memory", run_out_of_memory},
    {"division", divide},
    {"no memory for a copy", divide_without_memory},
    {"interrupts held", divide_with_interrupts_held},
    {"sleep", sleep_long},
    {"deep", fail_deep},
    {"unwinding", fail_while_unwinding},
    {"in handler", fail_in_handler},
    {"replaced", replace_error},
    {"after caught error", fail_after_caught_error},
    {"noexcept", fail_below_noexcept},
    {"throwing lambda", throw_from_lambda},
    {"nested call", nest_calls_directly},
};

// The state of the server that a caught error must leave unchanged.
struct ServerState {
    MemoryContext memory = CurrentMemoryContext;
    sigjmp_buf* handler = PG_exception_stack;
    ErrorContextCallback* context = error_context_stack;
    uint32 interrupts_held = InterruptHoldoffCount;
    uint32 cancels_held = QueryCancelHoldoffCount;

    bool operator==(const ServerState&) const = default;
};

bool keeps_state() {
    ServerState before;
    try {
        divide_leaving_state();
    } catch (const pg::ServerError&) {
    }
    return ServerState() == before;
}

}  // namespace

extern "C" void _PG_init(void) {
    eventlog::pg::install_terminate_handler();
}

// boundary_fail(failure text)
EVENTLOG_FUNCTION(boundary_fail) {
    Live here;
    std::vector<Live> more(3);
    std::string name = pg::call([fcinfo] { return text_to_cstring(PG_GETARG_TEXT_PP(0)); });
    for (const Failure& failure : kFailures)
        if (failure.name == name) failure.fail();
    throw std::invalid_argument("no failure is named " + name);
}

// boundary_execute(sql text) returns text
EVENTLOG_FUNCTION(boundary_execute) {
    Live here;
    std::vector<Live> more(3);
    char* value = pg::call([fcinfo] { return execute(text_to_cstring(PG_GETARG_TEXT_PP(0))); });
    if (value == nullptr) PG_RETURN_NULL();
    return pg::call([value] { return PointerGetDatum(cstring_to_text(value)); });
}

// boundary_leaks() returns int: objects alive and exceptions not done with
EVENTLOG_FUNCTION(boundary_leaks) {
    int handled = std::current_exception() != nullptr ? 1 : 0;
    PG_RETURN_INT32(Live::count() + std::uncaught_exceptions() + handled);
}

// boundary_keeps_state() returns boolean
EVENTLOG_FUNCTION(boundary_keeps_state) {
    Live here;
    bool kept = keeps_state();
    HOLD_INTERRUPTS();
    HOLD_CANCEL_INTERRUPTS();
    kept = keeps_state() && kept;
    RESUME_CANCEL_INTERRUPTS();
    RESUME_INTERRUPTS();
    PG_RETURN_BOOL(kept);
}

extern "C" {
PG_FUNCTION_INFO_V1(boundary_unguarded);
}

// boundary_unguarded(): a function without the boundary's entry
extern "C" PGDLLEXPORT Datum boundary_unguarded(PG_FUNCTION_ARGS) {
    if (PG_NARGS() == 0) throw_exception();
    PG_RETURN_VOID();
}
