#include "ingest/counters.h"

#include "runtime/log_counters.h"

namespace eventlog::ingest {
namespace {

// The number of events of the current transaction at one level of its subtransactions, since an event that
// a subtransaction rolls back does not count. The levels are in the transaction's memory, the innermost
// first.
struct Level {
    int depth;
    uint64_t events;
    Level* outer;
};

Level* innermost = nullptr;

// A prepared transaction counts when it is prepared, because another session ends it.
void on_transaction_end(XactEvent event, void*) {
    switch (event) {
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_PREPARE:
            // All levels have been merged into one by then.
            if (innermost != nullptr) runtime::log_counters()->logged.fetch_add(innermost->events);
            innermost = nullptr;
            break;
        case XACT_EVENT_ABORT:
            innermost = nullptr;
            break;
        default:
            break;
    }
}

void merge_level(int depth) {
    if (innermost == nullptr || innermost->depth < depth) return;
    Level* outer = innermost->outer;
    if (outer == nullptr || outer->depth < depth - 1) {
        innermost->depth = depth - 1;
        return;
    }
    outer->events += innermost->events;
    innermost = outer;
}

void on_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    const int depth = GetCurrentTransactionNestLevel();
    if (event == SUBXACT_EVENT_COMMIT_SUB) merge_level(depth);
    if (event == SUBXACT_EVENT_ABORT_SUB)
        while (innermost != nullptr && innermost->depth >= depth) innermost = innermost->outer;
}

runtime::Rejections* rejections_of(runtime::LogCounters& counters, int sqlstate) {
    for (runtime::Rejections& rejections : counters.rejected) {
        int found = 0;
        if (rejections.sqlstate.compare_exchange_strong(found, sqlstate) || found == sqlstate)
            return &rejections;
    }
    return nullptr;
}

// Returns the counts of rejections as a JSON object, by SQLSTATE.
Datum rejected_jsonb(const runtime::LogCounters& counters) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfoChar(&text, '{');
    for (const runtime::Rejections& rejections : counters.rejected) {
        int sqlstate = rejections.sqlstate.load();
        if (sqlstate == 0) break;
        appendStringInfo(&text, "%s\"%s\": " UINT64_FORMAT, text.len > 1 ? ", " : "",
                         unpack_sql_state(sqlstate), rejections.count.load());
    }
    if (uint64_t others = counters.rejected_otherwise.load(); others > 0)
        appendStringInfo(&text, ", \"other\": " UINT64_FORMAT, others);
    appendStringInfoChar(&text, '}');
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data));
}

}  // namespace

void count_logged() {
    if (runtime::log_counters() == nullptr) return;
    const int depth = GetCurrentTransactionNestLevel();
    if (innermost == nullptr || innermost->depth != depth) {
        auto* level = static_cast<Level*>(MemoryContextAlloc(TopTransactionContext, sizeof(Level)));
        *level = {depth, 0, innermost};
        innermost = level;
    }
    innermost->events++;
}

void count_rejected(int sqlstate) {
    runtime::LogCounters* counters = pg::call([] { return runtime::log_counters(); });
    if (counters == nullptr) return;
    runtime::Rejections* rejections = rejections_of(*counters, sqlstate);
    (rejections != nullptr ? rejections->count : counters->rejected_otherwise).fetch_add(1);
}

void watch_counters() {
    RegisterXactCallback(on_transaction_end, nullptr);
    RegisterSubXactCallback(on_subtransaction_end, nullptr);
}

}  // namespace eventlog::ingest

EVENTLOG_FUNCTION(eventlog_log_counters) {
    using namespace eventlog;
    return pg::call([fcinfo] {
        TupleDesc columns = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "return type must be a row type");
        Datum values[3] = {};
        bool nulls[3] = {true, true, true};
        if (const runtime::LogCounters* counters = runtime::log_counters()) {
            values[0] = Int64GetDatum(static_cast<int64>(counters->logged.load()));
            values[1] = ingest::rejected_jsonb(*counters);
            values[2] = TimestampTzGetDatum(counters->since);
            std::fill(std::begin(nulls), std::end(nulls), false);
        }
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
    });
}
