// The SQL function eventlog_internal.log_counters: the numbers of events that were logged and rejected.
#include "pg/boundary.h"
#include "runtime/log_counters.h"

namespace {

using namespace eventlog;

// Returns the counts of rejections as a JSON object, by SQLSTATE.
Datum rejected_jsonb(const runtime::LogCounters& counters) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfoChar(&text, '{');
    for (const runtime::Rejections& rejections : counters.rejected) {
        int sqlstate = rejections.sqlstate.load();
        if (sqlstate == 0) break;
        // A reset leaves the entry to its SQLSTATE.
        const uint64_t count = rejections.count.load();
        if (count == 0) continue;
        appendStringInfo(&text, "%s\"%s\": " UINT64_FORMAT, text.len > 1 ? ", " : "",
                         unpack_sql_state(sqlstate), count);
    }
    if (uint64_t others = counters.rejected_otherwise.load(); others > 0)
        appendStringInfo(&text, ", \"other\": " UINT64_FORMAT, others);
    appendStringInfoChar(&text, '}');
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_log_counters) {
    return pg::call([fcinfo] {
        TupleDesc columns = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "return type must be a row type");
        Datum values[3] = {};
        bool nulls[3] = {true, true, true};
        if (const runtime::LogCounters* counters = runtime::log_counters()) {
            values[0] = Int64GetDatum(static_cast<int64>(counters->logged.load()));
            values[1] = rejected_jsonb(*counters);
            values[2] = TimestampTzGetDatum(counters->since);
            std::fill(std::begin(nulls), std::end(nulls), false);
        }
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
    });
}

EVENTLOG_FUNCTION(eventlog_reset_log_counters) {
    pg::call([] {
        if (runtime::LogCounters* counters = runtime::log_counters()) counters->reset();
    });
    PG_RETURN_VOID();
}
