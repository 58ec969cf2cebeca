// The parts of the module share these declarations.
#pragma once

#include "pg/boundary.h"
#include "pg/transaction.h"
#include "pg/worker_session.h"

namespace boundary_test {

using namespace eventlog;

// Counts the objects that are alive: one whose destructor an error skips stays counted.
class Live {
  public:
    Live() { count_++; }
    Live(const Live&) { count_++; }
    ~Live() { count_--; }
    Live& operator=(const Live&) = default;

    static int count() { return count_; }

  private:
    static inline int count_ = 0;
};

struct Exception : std::exception {
    Live live;
    const char* what() const noexcept override { return "a C++ exception"; }
};

// Runs a statement; the first column of its first row as text, or null. May ereport.
inline char* execute(const char* sql) {
    SPI_connect();
    int result = SPI_execute(sql, false, 0);
    if (result < 0) elog(ERROR, "%s: %s", sql, SPI_result_code_string(result));
    char* value = nullptr;
    if (SPI_processed > 0 && SPI_tuptable != nullptr) {
        const char* found = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
        if (found != nullptr) value = strcpy(static_cast<char*>(SPI_palloc(strlen(found) + 1)), found);
    }
    SPI_finish();
    return value;
}

}  // namespace boundary_test
