// eventlog.refuse_change, the trigger function of the append-only tables.
#include "pg/boundary.h"

#include "store/change_permission.h"

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_refuse_change) {
    pg::call([fcinfo] {
        if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "eventlog.refuse_change() is a trigger function");
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        bool update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
        if (update && store::take_change_permission(RelationGetRelid(data->tg_relation))) return;
        const char* command = update                                    ? "UPDATE"
                              : TRIGGER_FIRED_BY_DELETE(data->tg_event) ? "DELETE"
                                                                        : "TRUNCATE";
        ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg("%s of \"%s\" is refused: the event log is append-only", command,
                       RelationGetRelationName(data->tg_relation)),
                errdetail("Events are never changed in place, by nobody."),
                update ? errhint("To remove the data of events, call eventlog.erase_actor(), "
                                 "eventlog.erase_resource() or eventlog.erase_event().")
                       : errhint("To let events go after a time, call eventlog.set_retention()."));
    });
    return (Datum)0;
}
