#include "pg/own_frames.h"

#include "pg/server.h"

namespace eventlog::pg {
namespace {

// Returns what one callback alone adds to the CONTEXT.
const char* text_of(const ErrorContextCallback* frame) {
    ErrorContextCallback alone = *frame;
    alone.previous = nullptr;
    ErrorContextCallback* whole = error_context_stack;
    error_context_stack = &alone;
    const char* text = GetErrorContextStack();
    error_context_stack = whole;
    return text;
}

// Returns whether the frame is that of a function in our schema. The frame of a statement quotes the
// statement, which may name our functions, too.
bool is_own_function(const ErrorContextCallback* frame) {
    const char* text = text_of(frame);
    if (text == nullptr) return false;
    const char* quote = strchr(text, '"');
    const char* name = strstr(text, " eventlog");
    if (name == nullptr || (quote != nullptr && quote < name)) return false;
    name += strlen(" eventlog");
    return *name == '.' || strncmp(name, "_internal.", strlen("_internal.")) == 0;
}

}  // namespace

// A PL/pgSQL function that runs a statement has two frames: its own, and that of the statement above it.
void leave_out_own_frames() {
    while (error_context_stack != nullptr) {
        ErrorContextCallback* below = error_context_stack->previous;
        if (is_own_function(error_context_stack))
            error_context_stack = below;
        else if (below != nullptr && is_own_function(below))
            error_context_stack = below->previous;
        else
            return;
    }
}

}  // namespace eventlog::pg
