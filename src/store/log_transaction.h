// Transactions of the worker that use the tables of the log. They roll back unless they are committed.
#pragma once

#include "pg/transaction.h"
#include "store/catalog.h"

namespace eventlog::store {

// Thrown if the extension is no longer installed.
struct LogIsGone {};

// A transaction that uses the log's tables. It locks the extension first, so that DROP EXTENSION and this
// transaction wait for each other's end and never deadlock.
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
