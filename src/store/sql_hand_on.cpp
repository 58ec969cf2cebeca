// Hands the owner and the privileges of a function on to the one that replaces it in an update.
#include "pg/boundary.h"
#include "pg/owner_sql.h"

namespace {

using namespace eventlog;

// Yields the commands that give function %2$u what function %1$u has. Only the grants of the old function are
// read: PUBLIC has no privileges on the new one, because the update has revoked them.
constexpr const char* kCommands =
    "SELECT pg_catalog.format('ALTER FUNCTION %%s OWNER TO %%I', %2$u::regprocedure, "
    "pg_get_userbyid(p.proowner)), 0"
    " FROM pg_proc p WHERE p.oid = %1$u"
    " UNION ALL "
    "SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION %%s TO %%s%%s', %2$u::regprocedure,"
    " CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,"
    " CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), 1"
    " FROM pg_proc p, aclexplode(p.proacl) a WHERE p.oid = %1$u AND a.grantee <> p.proowner"
    " ORDER BY 2";

}  // namespace

EVENTLOG_FUNCTION(eventlog_hand_on) {
    const Oid old = PG_GETARG_OID(0);
    const Oid successor = PG_GETARG_OID(1);
    pg::call([old, successor] {
        // Commands that run in this way do not count as the script's.
        pg::OwnerSql saved = pg::begin_owner_sql(GetUserId());
        pg::run_sql(psprintf(kCommands, old, successor), SPI_OK_SELECT);
        SPITupleTable* commands = SPI_tuptable;
        for (uint64 i = 0; i < commands->numvals; i++)
            pg::run_sql(SPI_getvalue(commands->vals[i], commands->tupdesc, 1), SPI_OK_UTILITY);
        // The old function leaves the extension, of which it is still a member.
        pg::end_owner_sql(saved);
        ObjectAddress address;
        ObjectAddressSet(address, ProcedureRelationId, old);
        performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
    });
    PG_RETURN_VOID();
}
