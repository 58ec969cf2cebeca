// A transaction of the worker, connected to SPI; rolled back unless committed.
#pragma once

#include "pg/boundary.h"

namespace eventlog::forward {

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

}  // namespace eventlog::forward
