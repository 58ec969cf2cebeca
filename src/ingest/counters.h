// Counters of log calls: events that committed transactions have logged, and calls that were refused, by
// SQLSTATE. They are the database's, in shared memory, and begin anew with the server; without preloading
// nothing is counted.
#pragma once

#include "pg/boundary.h"

namespace eventlog::ingest {

// Counts an event of the current transaction, once that has committed. May ereport: call inside pg::call.
void count_logged();

// Counts a refused call at once, whatever becomes of the transaction.
void count_rejected(int sqlstate);

// Runs a log call; one that throws counts as rejected.
template <typename Call>
auto counted(Call&& call) -> decltype(call()) {
    try {
        return call();
    } catch (const pg::Error& error) {
        count_rejected(error.sqlstate);
        throw;
    } catch (const pg::ServerError& error) {
        count_rejected(error.data->sqlerrcode);
        throw;
    }
}

// Registers what happens at the ends of transactions; called once by _PG_init.
void watch_counters();

}  // namespace eventlog::ingest
