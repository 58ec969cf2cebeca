// The steps of the process that seals and drops partitions: each is a transaction of its own.
#pragma once

#include "pg/boundary.h"
#include "pg/transaction.h"

namespace eventlog::retention {

// Returns the oids that a query returns, which the owner of the log runs. May ereport, so call it inside
// pg::call.
std::span<Oid> partitions_of(const char* sql);

// Runs a step in a transaction of its own. Returns false if it failed, which is logged unless a lock was not
// to be had.
template <typename Step>
bool try_step(const char* what, Step step) {
    try {
        MemoryContext memory = CurrentMemoryContext;
        pg::Transaction transaction;
        MemoryContextSwitchTo(memory);
        bool done = pg::call(step);
        transaction.commit();
        return done;
    } catch (const pg::ServerError& error) {
        pg::log_unless_locked(error, what);
        return false;
    }
}

}  // namespace eventlog::retention
