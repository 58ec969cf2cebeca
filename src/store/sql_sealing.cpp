// eventlog.refuse_late_row, the trigger function of a sealed partition.
#include "pg/boundary.h"

#include "store/leaves.h"

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_refuse_late_row) {
    HeapTuple row = pg::call([fcinfo] {
        if (!CALLED_AS_TRIGGER(fcinfo)) elog(ERROR, "eventlog.refuse_late_row() is a trigger function");
        auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
        if (!TRIGGER_FIRED_BY_INSERT(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event))
            elog(ERROR, "eventlog.refuse_late_row() is a trigger function for the rows of INSERT");
        // A dump restores the trigger, but not the seal.
        if (store::is_closed(data->tg_relation))
            pg::refuse<rules::Rule::partition_sealed>(
                {}, rules::with<"found">(RelationGetRelationName(data->tg_relation)));
        return data->tg_trigtuple;
    });
    return PointerGetDatum(row);
}
