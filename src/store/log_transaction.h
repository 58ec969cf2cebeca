// Transactions of the worker that use the tables of the log; rolled back unless committed.
#pragma once

#include "pg/transaction.h"
#include "store/catalog.h"

namespace eventlog::store {

// Thrown where the extension is no longer installed.
struct LogIsGone {};

// One that uses the log's tables. DROP EXTENSION waits for its end, and it for that of DROP EXTENSION: taken
// in one place, so that the two never wait for each other.
class LogTransaction {
  public:
    LogTransaction() {
        if (!pg::call([] { return lock_extension(AccessShareLock); })) throw LogIsGone{};
    }
    void commit() { transaction_.commit(); }

  private:
    pg::SqlTransaction transaction_;
};

}  // namespace eventlog::store
