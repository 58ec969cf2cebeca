// Transactions of the worker, connected to SPI; rolled back unless committed.
#pragma once

#include "pg/boundary.h"
#include "store/catalog.h"

namespace eventlog::store {

class SqlTransaction {
  public:
    SqlTransaction() {
        pg::call([] { SPI_connect(); });
    }
    void commit() {
        pg::call([] { SPI_finish(); });
        transaction_.commit();
    }

  private:
    pg::Transaction transaction_;
};

// Limits how long the current transaction waits for a lock that another has left held: all that the worker
// does waits with it. Call inside pg::call.
inline void limit_lock_waits() {
    (void)set_config_option("lock_timeout", "500ms", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
                            false);
}

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
    SqlTransaction transaction_;
};

}  // namespace eventlog::store
