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
    pg::Error refusal{.sqlstate = 0};  // 0: not refused

    bool is_refused() const { return refusal.sqlstate != 0; }
    void refuse(pg::Error error) {
        refusal = std::move(error);
        ingest::count_rejected(refusal.sqlstate);
    }
};

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

std::vector<TriedEvent> read_items(const jsonb::Container& events) {
    std::vector<TriedEvent> items;
    for (jsonb::Elements elements(events); elements.next();) {
        TriedEvent& item = items.emplace_back();
        try {
            item.metadata_bytes = ingest::read_event(elements.value(), item.event);
        } catch (const pg::Error& error) {
            item.refuse(error);
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
    std::optional<pg::Error> refusal;
    MemoryContext outer = CurrentMemoryContext;
    MemoryContext attempt = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "eventlog events", ALLOCSET_SMALL_SIZES); });
    MemoryContextSwitchTo(attempt);
    try {
        write_together(items);
    } catch (const pg::Error& error) {
        if (ingest::scope_of(error.sqlstate) != ingest::ErrorScope::event) throw;
        refusal = error;
    } catch (const pg::ServerError& error) {
        if (ingest::scope_of(error.data->sqlerrcode) != ingest::ErrorScope::event) throw;
        refusal = pg::Error{.sqlstate = error.data->sqlerrcode,
                            .message = text_of(error.data->message),
                            .detail = text_of(error.data->detail),
                            .hint = text_of(error.data->hint)};
    }
    MemoryContextSwitchTo(outer);
    pg::call([attempt] { MemoryContextDelete(attempt); });
    if (refusal && items.size() == 1) items.front()->refuse(std::move(*refusal));
    return !refusal;
}

// Returns the rows (index, event_id, sqlstate, message, detail, hint), or the first four columns of them.
void report(FunctionCallInfo fcinfo, const std::vector<TriedEvent>& items) {
    auto* set = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    pg::call([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
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
    jsonb::Container events = ingest::counted([fcinfo] {
        jsonb::Container argument = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        if (!argument.is_array()) ingest::refuse_no_array(event::kind_of_root(argument));
        return argument;
    });
    std::vector<TriedEvent> items = read_items(events);
    std::vector<TriedEvent*> good;
    for (TriedEvent& item : items)
        if (!item.is_refused()) good.push_back(&item);
    // An error that keeps every event from being written is raised once.
    if (!good.empty()) {
        store::Insertion insertion = ingest::begin();
        ingest::end(insertion);
    }
    ingest::bisect(std::span(good), write_or_refuse);
    report(fcinfo, items);
    return (Datum)0;
}

EVENTLOG_FUNCTION(eventlog_try_log_events_in_full) {
    ingest::require_argument(fcinfo, "events");
    return eventlog_try_log_events_body(fcinfo);
}
