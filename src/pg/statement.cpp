#include "pg/statement.h"

namespace eventlog::pg {

void run_statement(const char* sql, SPIPlanPtr& plan, int expected, int parameters, const Oid* types,
                   const Datum* values, const char* nulls) {
    if (plan == nullptr) {
        SPIPlanPtr prepared = SPI_prepare(sql, parameters, const_cast<Oid*>(types));
        if (prepared == nullptr) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(SPI_result));
        SPI_keepplan(prepared);
        plan = prepared;
    }
    int result = SPI_execute_plan(plan, const_cast<Datum*>(values), nulls, expected == SPI_OK_SELECT, 0);
    if (result != expected) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(result));
}

}  // namespace eventlog::pg
