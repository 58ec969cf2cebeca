// Transactions of background workers.
//
//     pg::Transaction transaction;
//     pg::call([] { ... });
//     transaction.commit();
//
// A ServerError caught outside has its data in the memory context that was current at the start.
#pragma once

#include "pg/boundary.h"

namespace eventlog::pg {

// A transaction with an active snapshot; rolled back unless committed.
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

// A transaction connected to SPI; rolled back unless committed.
class SqlTransaction {
  public:
    SqlTransaction();
    void commit();

  private:
    Transaction transaction_;
};

// Limits how long the current transaction waits for a lock that another has left held: all that the worker
// does waits with it. `limit` is a lock_timeout. May ereport: call inside pg::call.
void limit_lock_waits(const char* limit = "500ms");

}  // namespace eventlog::pg
