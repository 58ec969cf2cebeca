// SQL functions of the store: maintenance, the append-only refusal, versions.
#include "pg/boundary.h"
#include "pg/clock.h"

#include "store/catalog.h"
#include "store/change_permission.h"
#include "store/maintenance.h"
#include "retention/retention.h"

namespace {

using namespace eventlog;

constexpr const char* kBuiltWith = "PostgreSQL " PG_VERSION ", " __VERSION__;

}  // namespace

EVENTLOG_FUNCTION(eventlog_maintain) {
    pg::call([] {
        PreventCommandIfReadOnly("eventlog.maintain()");
        const int64_t now = pg::unix_millis_now();
        // Who has nothing to do holds nobody up.
        if (!store::is_maintained(now)) store::maintain(now);
        retention::start_retention(runtime::Await::start);
    });
    PG_RETURN_VOID();
}

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

EVENTLOG_FUNCTION(eventlog_version) {
    return pg::call([fcinfo] {
        TupleDesc columns = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "return type must be a row type");
        char* installed = store::installed_version();
        Datum values[] = {CStringGetTextDatum(EVENTLOG_VERSION),
                          installed != nullptr ? CStringGetTextDatum(installed) : (Datum)0,
                          CStringGetTextDatum(kBuiltWith)};
        bool nulls[] = {false, installed == nullptr, false};
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
    });
}
