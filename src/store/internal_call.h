// Calls of the functions that only the extension calls. Their schema depends on the release of the SQL
// objects.
//
//     store::InternalCall<1> creation{"create_target($1, 'now'::text)", {TEXTOID}};
//     creation.run({CStringGetTextDatum("x")});   // result in SPI_tuptable
#pragma once

#include "pg/server.h"

#include "pg/statement.h"

namespace eventlog::store {

// The text that a process has composed for a call, and its plan.
struct PreparedCall {
    const char* schema = nullptr;
    char* sql = nullptr;
    SPIPlanPtr plan = nullptr;
};

// Composes `SELECT schema.call`, unless `prepared` has that text already. May ereport, so run it inside
// pg::call.
void prepare_call(PreparedCall& prepared, const char* call);

// A call that a process prepares once and keeps until an update moves the function. It may change the log.
template <int N>
struct InternalCall {
    const char* call;  // name($1, …)
    Oid types[N > 0 ? N : 1] = {};
    PreparedCall prepared{};

    void run(const std::array<Datum, N>& values) {
        prepare_call(prepared, call);
        pg::run_statement(prepared.sql, prepared.plan, SPI_OK_SELECT, N, types, values.data(), nullptr);
    }
};

}  // namespace eventlog::store
