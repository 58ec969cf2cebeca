// SQL that the extension runs in its own name: as the owner of its tables, and with a search path that cannot
// be hijacked. The functions may ereport, so use them inside pg::call. The saved state is plain data; after
// an ereport in between, the abort of the transaction cleans up.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

struct OwnerRole {
    Oid user;
    int security_context;
    int guc_level;
};

// Becomes `owner`, without SPI. Returns the state that end_owner_role restores.
OwnerRole begin_owner_role(Oid owner);
void end_owner_role(const OwnerRole& saved);

struct OwnerSql {
    OwnerRole role;
    bool creating_extension;
};

// Connects to SPI as `owner`. Returns the state that end_owner_sql restores.
OwnerSql begin_owner_sql(Oid owner);
void end_owner_sql(const OwnerSql& saved);

// Runs one command without parameters and returns the number of rows.
uint64 run_sql(const char* sql, int expected_result);

// Runs one utility command as a part of the command that is under way, so that no event trigger fires for it.
void run_part(const char* sql);

}  // namespace eventlog::pg
