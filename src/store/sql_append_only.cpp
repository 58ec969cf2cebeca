// The trigger functions of the append-only tables: eventlog.refuse_change for statements, and
// eventlog_internal.refuse_row_change for rows.
#include "pg/boundary.h"

#include "store/change_permission.h"

namespace {

using namespace eventlog;

constexpr const char* kStatementTrigger = "append_only";

[[noreturn]] void refuse(const TriggerData* data) {
    const bool update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
    const char* command = update ? "UPDATE" : TRIGGER_FIRED_BY_DELETE(data->tg_event) ? "DELETE" : "TRUNCATE";
    const auto log = rules::with<"log">(RelationGetRelationName(data->tg_relation));
    if (update) pg::refuse<rules::Rule::append_only>({}, rules::with<"command">(command), log);
    pg::refuse<rules::Rule::append_only_delete>({}, rules::with<"command">(command), log);
}

bool is_switched_off(Relation relation) {
    const TriggerDesc* triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (triggers->triggers[i].tgenabled == TRIGGER_DISABLED &&
            !TRIGGER_FOR_ROW(triggers->triggers[i].tgtype) &&
            strcmp(triggers->triggers[i].tgname, kStatementTrigger) == 0)
            return true;
    return false;
}

// Returns whether the owner has switched the trigger off on the table or on one that it is a partition of.
bool is_switched_off_above(Relation relation) {
    if (is_switched_off(relation)) return true;
    if (!relation->rd_rel->relispartition) return false;
    bool off = false;
    ListCell* cell = nullptr;
    foreach (cell, get_partition_ancestors(RelationGetRelid(relation))) {
        Relation ancestor = table_open(lfirst_oid(cell), AccessShareLock);
        off = off || is_switched_off(ancestor);
        table_close(ancestor, AccessShareLock);
    }
    return off;
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_refuse_change) {
    pg::call([fcinfo] {
        if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "eventlog.refuse_change() is a trigger function");
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        bool update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
        if (update && store::take_change_permission(RelationGetRelid(data->tg_relation))) return;
        refuse(data);
    });
    return (Datum)0;
}

// An apply worker of logical replication fires no triggers of statements, nor does an UPDATE of a table of
// which the log is a partition.
EVENTLOG_FUNCTION(eventlog_refuse_row_change) {
    return pg::call([fcinfo] {
        if (!CALLED_AS_TRIGGER(fcinfo))
            elog(ERROR, "eventlog_internal.refuse_row_change() is a trigger function");
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        const bool update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
        if (!(update && store::permits_row_changes()) && !is_switched_off_above(data->tg_relation))
            refuse(data);
        return PointerGetDatum(update ? data->tg_newtuple : data->tg_trigtuple);
    });
}
