// eventlog.try_log_events writes the good events of an array and reports the others.
#include "event/json_kind.h"
#include "ingest/read_event.h"
#include "ingest/bisection.h"
#include "ingest/counters.h"
#include "ingest/error_scope.h"
#include "ingest/pipeline.h"
#include "pg/datum.h"
#include "pg/subtransaction.h"

namespace {

using namespace eventlog;

struct TriedEvent {
    event::Event event;
    size_t metadata_bytes = 0;
    ids::Uuid id{};
    int sqlstate = 0;  // 0: not refused
    std::string message;

    void refuse(int with_sqlstate, std::string with_message) {
        sqlstate = with_sqlstate;
        message = std::move(with_message);
        ingest::count_rejected(sqlstate);
    }
};

std::vector<TriedEvent> read_items(const jsonb::Container& events) {
    std::vector<TriedEvent> items;
    for (jsonb::Elements elements(events); elements.next();) {
        TriedEvent& item = items.emplace_back();
        try {
            item.metadata_bytes = ingest::read_event(elements.value(), item.event);
        } catch (const pg::Error& error) {
            item.refuse(error.sqlstate, error.message);
        }
    }
    return items;
}

// The memory of an event is freed before the next one is read.
void write_each(std::span<TriedEvent*> items) {
    MemoryContext outer = CurrentMemoryContext;
    store::Insertion insertion = ingest::begin();
    MemoryContext each = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "eventlog event", ALLOCSET_DEFAULT_SIZES); });
    for (TriedEvent* item : items) {
        MemoryContextSwitchTo(each);
        item->id = ingest::write(insertion, item->event, item->metadata_bytes);
        pg::call([each] { MemoryContextReset(each); });
    }
    MemoryContextSwitchTo(outer);
    ingest::end(insertion);
}

void write_together(std::span<TriedEvent*> items) {
    pg::Subtransaction subtransaction;
    write_each(items);
    subtransaction.commit();
}

// Writes the events in one subtransaction and returns false if one of several made it fail. An error that
// does not concern a single event fails the call.
bool write_or_refuse(std::span<TriedEvent*> items) {
    int sqlstate = 0;
    std::string message;
    MemoryContext outer = CurrentMemoryContext;
    MemoryContext attempt = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "eventlog events", ALLOCSET_SMALL_SIZES); });
    MemoryContextSwitchTo(attempt);
    try {
        write_together(items);
    } catch (const pg::Error& error) {
        if (ingest::scope_of(error.sqlstate) != ingest::ErrorScope::event) throw;
        sqlstate = error.sqlstate;
        message = error.message;
    } catch (const pg::ServerError& error) {
        if (ingest::scope_of(error.data->sqlerrcode) != ingest::ErrorScope::event) throw;
        sqlstate = error.data->sqlerrcode;
        message = error.data->message;
    }
    MemoryContextSwitchTo(outer);
    pg::call([attempt] { MemoryContextDelete(attempt); });
    if (sqlstate != 0 && items.size() == 1) items.front()->refuse(sqlstate, std::move(message));
    return sqlstate == 0;
}

// Returns the rows (index, event_id, sqlstate, message).
void report(FunctionCallInfo fcinfo, const std::vector<TriedEvent>& items) {
    auto* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::call([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
    int index = 0;
    for (const TriedEvent& item : items) {
        pg::call([&item, set, index] {
            const bool good = item.sqlstate == 0;
            Datum values[4] = {Int32GetDatum(index)};
            bool nulls[4] = {false, !good, good, good};
            if (good) {
                values[1] = pg::uuid_datum(item.id);
            } else {
                values[2] = CStringGetTextDatum(unpack_sql_state(item.sqlstate));
                values[3] = pg::text_datum(item.message);
            }
            tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
        });
        index++;
    }
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_try_log_events) {
    jsonb::Container events = ingest::counted([fcinfo] {
        jsonb::Container argument = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        if (!argument.is_array()) ingest::refuse_no_array(event::kind_of_root(argument));
        return argument;
    });
    std::vector<TriedEvent> items = read_items(events);
    std::vector<TriedEvent*> good;
    for (TriedEvent& item : items)
        if (item.sqlstate == 0) good.push_back(&item);
    // An error that keeps every event from being written is raised once.
    if (!good.empty()) {
        store::Insertion insertion = ingest::begin();
        ingest::end(insertion);
    }
    ingest::bisect(std::span(good), write_or_refuse);
    report(fcinfo, items);
    return (Datum)0;
}
