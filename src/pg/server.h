// The only file that includes the server's headers, and the place that handles the differences between its
// versions (15 to 18).
#pragma once

#ifdef EVENTLOG_PURE
#error "this layer knows no PostgreSQL header: see src/pure.mk"
#endif

// The standard headers come first, because they do not compile inside extern "C", and because the server's
// macros (snprintf, gettext) break them.
#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

extern "C" {
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/reloptions.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_database.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_tablespace.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/policy.h"
#include "commands/tablespace.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_relation.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/syncrep.h"
#include "rewrite/rewriteDefine.h"
#include "rewrite/rowsecurity.h"
#include "storage/bufmgr.h"
#include "storage/condition_variable.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/predicate.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/proclist.h"
#include "storage/shmem.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/partcache.h"
#include "utils/ps_status.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"
#include "utils/xid8.h"
}

#if PG_VERSION_NUM < 150000
#error "eventlog needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM < 160000
// From version 16 on, the server itself exports a module's functions when the compiler hides symbols.
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

namespace eventlog {

inline Oid primary_key_of(Relation relation) {
#if PG_VERSION_NUM >= 180000
    return RelationGetPrimaryKeyIndex(relation, false);
#else
    return RelationGetPrimaryKeyIndex(relation);
#endif
}

inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

inline void insert_index_tuples(ResultRelInfo* table, TupleTableSlot* slot, EState* executor) {
#if PG_VERSION_NUM >= 160000
    ExecInsertIndexTuples(table, slot, executor, false, false, nullptr, NIL, false);
#else
    ExecInsertIndexTuples(table, slot, executor, false, false, nullptr, NIL);
#endif
}

// Raises an error unless the current user has the privileges that the query needs.
inline void check_privileges(Query* query) {
#if PG_VERSION_NUM >= 160000
    ExecCheckPermissions(query->rtable, query->rteperminfos, true);
#else
    ExecCheckRTPerms(query->rtable, true);
#endif
}

using TreeWalker = bool (*)(Node* node, void* context);

// Calls `walker` with the children of a node of an expression or of a query, until it returns true.
inline bool walk_children(Node* node, TreeWalker walker, void* context) {
#if PG_VERSION_NUM >= 160000
    if (IsA(node, Query)) return query_tree_walker(castNode(Query, node), walker, context, 0);
    return expression_tree_walker(node, walker, context);
#else
    const auto untyped = reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
    if (IsA(node, Query)) return query_tree_walker(castNode(Query, node), untyped, context, 0);
    return expression_tree_walker(node, untyped, context);
#endif
}

// The arguments of ExecutorCheckPerms_hook: the tables of a plan, and their privileges in newer servers.
#if PG_VERSION_NUM >= 160000
struct PlannedTables {
    List* tables;
    List* infos;
    AclMode privileges_for(const RangeTblEntry* table) const {
        return table->perminfoindex == 0
                   ? ACL_NO_RIGHTS
                   : getRTEPermissionInfo(infos, const_cast<RangeTblEntry*>(table))->requiredPerms;
    }
};
#define EVENTLOG_PRIVILEGE_HOOK(name)                                                              \
    static bool name##_body(bool allowed, const PlannedTables& planned);                           \
    static ExecutorCheckPerms_hook_type name##_previous = nullptr;                                 \
    static bool name(List* tables, List* infos, bool report) {                                     \
        const bool allowed = name##_previous == nullptr || name##_previous(tables, infos, report); \
        return name##_body(allowed, {tables, infos});                                              \
    }                                                                                              \
    static bool name##_body(bool allowed, const PlannedTables& planned)
#else
struct PlannedTables {
    List* tables;
    AclMode privileges_for(const RangeTblEntry* table) const { return table->requiredPerms; }
};
#define EVENTLOG_PRIVILEGE_HOOK(name)                                                       \
    static bool name##_body(bool allowed, const PlannedTables& planned);                    \
    static ExecutorCheckPerms_hook_type name##_previous = nullptr;                          \
    static bool name(List* tables, bool report) {                                           \
        const bool allowed = name##_previous == nullptr || name##_previous(tables, report); \
        return name##_body(allowed, {tables});                                              \
    }                                                                                       \
    static bool name##_body(bool allowed, const PlannedTables& planned)
#endif

// Returns the path of the first file of a table that is neither temporary nor a system catalog.
inline char* file_path_of(Form_pg_class table) {
    const Oid space = OidIsValid(table->reltablespace) ? table->reltablespace : MyDatabaseTableSpace;
#if PG_VERSION_NUM >= 180000
    return pstrdup(relpathperm((RelFileLocator{space, MyDatabaseId, table->relfilenode}), MAIN_FORKNUM).str);
#elif PG_VERSION_NUM >= 160000
    return relpathperm((RelFileLocator{space, MyDatabaseId, table->relfilenode}), MAIN_FORKNUM);
#else
    return relpathperm((RelFileNode{space, MyDatabaseId, table->relfilenode}), MAIN_FORKNUM);
#endif
}

// Returns whether a role may make tables in a tablespace.
inline bool may_create_in(Oid tablespace, Oid role) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(TableSpaceRelationId, tablespace, role, ACL_CREATE) == ACLCHECK_OK;
#else
    return pg_tablespace_aclcheck(tablespace, role, ACL_CREATE) == ACLCHECK_OK;
#endif
}

inline WaitEventSet* create_wait_event_set(int events) {
#if PG_VERSION_NUM >= 170000
    return CreateWaitEventSet(nullptr, events);
#else
    return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

}  // namespace eventlog
