// Counts log calls: the events that committed transactions have logged, and refused calls by SQLSTATE. The
// counters are per database and in shared memory, so a restart of the server resets them. Without
// preloading nothing is counted.
#pragma once

#include "pg/boundary.h"

namespace eventlog::ingest {

// Counts an event of the current transaction once the transaction has committed. May ereport: call inside
// pg::call.
void count_logged();

// Counts a refused call at once, whether or not the transaction commits.
void count_rejected(int sqlstate);

// Runs a log call and counts it as rejected if it throws.
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

// Registers the callbacks for the ends of transactions; called once by _PG_init.
void watch_counters();

}  // namespace eventlog::ingest
