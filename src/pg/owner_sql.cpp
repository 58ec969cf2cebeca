#include "pg/owner_sql.h"

namespace eventlog::pg {

OwnerRole begin_owner_role(Oid owner) {
    OwnerRole saved{};
    GetUserIdAndSecContext(&saved.user, &saved.security_context);
    SetUserIdAndSecContext(owner, saved.security_context | SECURITY_LOCAL_USERID_CHANGE);
    saved.guc_level = NewGUCNestLevel();
    (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
    return saved;
}

void end_owner_role(const OwnerRole& saved) {
    AtEOXact_GUC(true, saved.guc_level);
    SetUserIdAndSecContext(saved.user, saved.security_context);
}

OwnerSql begin_owner_sql(Oid owner) {
    OwnerSql saved{begin_owner_role(owner), creating_extension};
    // Objects made here belong to no extension, even while the script of another extension runs.
    creating_extension = false;
    SPI_connect();
    return saved;
}

void end_owner_sql(const OwnerSql& saved) {
    SPI_finish();
    creating_extension = saved.creating_extension;
    end_owner_role(saved.role);
}

void run_part(const char* sql) {
    auto* statement = makeNode(PlannedStmt);
    statement->commandType = CMD_UTILITY;
    statement->utilityStmt = linitial_node(RawStmt, pg_parse_query(sql))->stmt;
    PushActiveSnapshot(GetTransactionSnapshot());
    EventTriggerInhibitCommandCollection();
    PG_TRY();
    {
        ProcessUtility(statement, sql, false, PROCESS_UTILITY_SUBCOMMAND, nullptr, nullptr, None_Receiver,
                       nullptr);
    }
    PG_FINALLY();
    { EventTriggerUndoInhibitCommandCollection(); }
    PG_END_TRY();
    PopActiveSnapshot();
    CommandCounterIncrement();
}

uint64 run_sql(const char* sql, int expected_result) {
    int result = SPI_execute(sql, false, 0);
    if (result != expected_result) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(result));
    return SPI_processed;
}

}  // namespace eventlog::pg
