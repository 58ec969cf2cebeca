// Transactions of background workers.
//
//     pg::Transaction transaction;
//     pg::call([] { ... });
//     transaction.commit();
//
// The data of a ServerError that is caught outside lives in the memory context that was current when the
// transaction started.
#pragma once

#include "pg/boundary.h"

namespace eventlog::pg {

// A transaction with an active snapshot. It is rolled back unless it is committed.
class Transaction {
  public:
    Transaction();
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

  private:
    MemoryContext outer_;
    MemoryContext outer_capture_;
    bool open_ = true;
};

// A transaction that is connected to SPI. It is rolled back unless it is committed.
class SqlTransaction {
  public:
    SqlTransaction();
    void commit();

  private:
    Transaction transaction_;
};

// Limits how long the current transaction waits for a lock, because everything that the worker does would
// wait with it. `limit` is a value of lock_timeout. May ereport, so call it inside pg::call.
void limit_lock_waits(const char* limit = "500ms");

}  // namespace eventlog::pg
