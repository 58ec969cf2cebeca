#include "store/write_guard.h"

#include "pg/boundary.h"
#include "store/attached_code.h"

namespace eventlog::store {
namespace {

bool writes(const PlannedTables& planned, const RangeTblEntry* table) {
    return table->rtekind == RTE_RELATION &&
           (planned.privileges_for(table) & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) != 0;
}

// The partitions of a table are in its plan without privileges.
bool is_partition_of_plan(const PlannedTables& planned, const RangeTblEntry* table) {
    return table->rtekind == RTE_RELATION && table->relkind != RELKIND_VIEW &&
           planned.privileges_for(table) == ACL_NO_RIGHTS;
}

// Anybody else who may write a table trusts its owner, as with every table.
bool is_superuser_or_owner_of(Oid table) {
    if (superuser()) return true;
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple)) return false;
    const bool owns = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner == GetUserId();
    ReleaseSysCache(tuple);
    return owns;
}

void check_plan(const PlannedTables& planned) {
    bool is_ours = false;
    ListCell* cell = nullptr;
    foreach (cell, planned.tables) {
        const auto* table = lfirst_node(RangeTblEntry, cell);
        if (!writes(planned, table) || !is_extension_table(table->relid) ||
            !is_superuser_or_owner_of(table->relid))
            continue;
        is_ours = true;
        require_own_code(table->relid, GetUserId());
    }
    if (!is_ours) return;
    foreach (cell, planned.tables) {
        const auto* table = lfirst_node(RangeTblEntry, cell);
        if (is_partition_of_plan(planned, table) && is_extension_table(table->relid))
            require_own_code(table->relid, GetUserId());
    }
}

bool writes_any(const PlannedTables& planned) {
    ListCell* cell = nullptr;
    foreach (cell, planned.tables)
        if (writes(planned, lfirst_node(RangeTblEntry, cell))) return true;
    return false;
}

EVENTLOG_PRIVILEGE_HOOK(on_privileges) {
    if (allowed && writes_any(planned))
        pg::enter([&planned] { pg::call([&planned] { check_plan(planned); }); });
    return allowed;
}

}  // namespace

void guard_writes() {
    on_privileges_previous = ExecutorCheckPerms_hook;
    ExecutorCheckPerms_hook = on_privileges;
}

}  // namespace eventlog::store

// The server has loaded the library, and with it the hook, before it calls this.
EVENTLOG_FUNCTION(eventlog_load_library) {
    PG_RETURN_VOID();
}
