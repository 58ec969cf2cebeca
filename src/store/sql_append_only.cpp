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
        const auto log = rules::with<"log">(RelationGetRelationName(data->tg_relation));
        if (update) pg::refuse<rules::Rule::append_only>({}, rules::with<"command">(command), log);
        pg::refuse<rules::Rule::append_only_delete>({}, rules::with<"command">(command), log);
    });
    return (Datum)0;
}
