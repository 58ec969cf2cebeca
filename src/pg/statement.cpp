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

void run_planned_for_values(const char* sql, SPIPlanPtr& plan, int expected, int parameters, const Oid* types,
                            const Datum* values, const char* nulls) {
    const int level = NewGUCNestLevel();
    (void)set_config_option("plan_cache_mode", "force_custom_plan", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
    run_statement(sql, plan, expected, parameters, types, values, nulls);
    AtEOXact_GUC(true, level);
}

}  // namespace eventlog::pg
