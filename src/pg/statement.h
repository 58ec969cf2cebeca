// SQL statements that a process prepares once and keeps. They may ereport, so run them inside pg::call, while
// connected to SPI.
//
//     pg::Statement<2> find{"SELECT … WHERE a = $1 AND b = $2", SPI_OK_SELECT, {TEXTOID, INT8OID}};
//     find.run({CStringGetTextDatum("x"), Int64GetDatum(7)});   // results in SPI_tuptable, SPI_processed
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Runs the statement, and first prepares it if `plan` is null. Any other result than `expected` is an error.
void run_statement(const char* sql, SPIPlanPtr& plan, int expected, int parameters, const Oid* types,
                   const Datum* values, const char* nulls);

// Does the same, with a plan for these values.
void run_planned_for_values(const char* sql, SPIPlanPtr& plan, int expected, int parameters, const Oid* types,
                            const Datum* values, const char* nulls);

template <int N>
struct Statement {
    const char* sql;
    int expected;  // SPI_OK_…; a SELECT runs read-only
    Oid types[N > 0 ? N : 1] = {};
    // Whether the statement is planned for its values each time. A generic plan for a partitioned table locks
    // every partition.
    bool of_values = false;
    SPIPlanPtr plan = nullptr;

    // `nulls` has one character per parameter: 'n' for NULL, a space otherwise. A null pointer means that no
    // parameter is NULL.
    void run(const std::array<Datum, N>& values, const char* nulls = nullptr) {
        if (of_values)
            run_planned_for_values(sql, plan, expected, N, types, values.data(), nulls);
        else
            run_statement(sql, plan, expected, N, types, values.data(), nulls);
    }
};

}  // namespace eventlog::pg
