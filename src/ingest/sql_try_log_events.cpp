// eventlog.try_log_events writes the valid events of an array and reports the others.
#include "event/json_kind.h"
#include "ingest/counters.h"
#include "ingest/read_event.h"
#include "ingest/try_log_events.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;
using ingest::TriedEvent;

// Prepares the result. It must precede everything that may wait for a lock, because an update may remove the
// function from the catalog meanwhile.
void prepare_result(FunctionCallInfo fcinfo) {
    pg::call([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
}

// Adds the rows (index, event_id, sqlstate, message, detail, hint), or the first four columns of them.
void report(FunctionCallInfo fcinfo, const std::vector<TriedEvent>& items) {
    auto* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    int index = 0;
    for (const TriedEvent& item : items) {
        pg::call([&item, set, index] {
            Datum values[6] = {Int32GetDatum(index)};
            bool nulls[6] = {false, true, true, true, true, true};
            const auto put = [&values, &nulls](int column, Datum value) {
                values[column] = value;
                nulls[column] = false;
            };
            if (item.is_refused()) {
                const pg::Error& refusal = item.refusal;
                put(2, CStringGetTextDatum(unpack_sql_state(refusal.sqlstate)));
                put(3, pg::text_datum(refusal.message));
                if (!refusal.detail.empty()) put(4, pg::text_datum(refusal.detail));
                if (!refusal.hint.empty()) put(5, pg::text_datum(refusal.hint));
            } else {
                put(1, pg::uuid_datum(item.id));
            }
            tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
        });
        index++;
    }
}

}  // namespace

// The function of release 0.2.0, which is STRICT and has four columns.
EVENTLOG_FUNCTION(eventlog_try_log_events) {
    prepare_result(fcinfo);
    jsonb::Container events = ingest::counted([fcinfo] {
        jsonb::Container argument = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        if (!argument.is_array()) ingest::refuse_no_array(event::kind_of_root(argument));
        return argument;
    });
    report(fcinfo, ingest::try_log_events(events));
    return (Datum)0;
}

EVENTLOG_FUNCTION(eventlog_try_log_events_in_full) {
    ingest::require_argument(fcinfo, "events");
    return eventlog_try_log_events_body(fcinfo);
}

EVENTLOG_FUNCTION(eventlog_try_log_events_json) {
    ingest::require_argument(fcinfo, "events");
    prepare_result(fcinfo);
    const event::JsonArray events = ingest::counted([fcinfo] {
        std::string_view document = pg::call([fcinfo] { return pg::text_view(PG_GETARG_DATUM(0)); });
        event::JsonArray array(document);
        if (!array.is_array()) ingest::refuse_no_array(event::kind_of_text(document));
        return array;
    });
    report(fcinfo, ingest::try_log_events(events));
    return (Datum)0;
}
