// A stretch of SQL run by the extension in its own name: as the owner of its tables, with a search path
// nobody can hijack. May ereport: use inside pg::call. Plain data; an ereport in between is cleaned up by the
// transaction.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

struct OwnerSql {
    Oid user;
    int security_context;
    int guc_level;
    bool creating_extension;
};

// Connects to SPI as `owner`.
OwnerSql begin_owner_sql(Oid owner);
void end_owner_sql(const OwnerSql& saved);

// Runs one command without parameters; the number of rows.
uint64 run_sql(const char* sql, int expected_result);

}  // namespace eventlog::pg
