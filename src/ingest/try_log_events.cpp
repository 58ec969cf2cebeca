#include "ingest/try_log_events.h"

#include "ingest/bisection.h"
#include "ingest/counters.h"
#include "ingest/error_scope.h"
#include "ingest/pipeline.h"
#include "ingest/read_event.h"
#include "pg/subtransaction.h"

namespace eventlog::ingest {
namespace {

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

std::vector<TriedEvent> read_items(const jsonb::Container& events) {
    std::vector<TriedEvent> items;
    for (jsonb::Elements elements(events); elements.next();) {
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
        TriedEvent& item = items.emplace_back();
        try {
            item.metadata_bytes = read_event(elements.value(), item.event);
        } catch (const pg::Error& error) {
            item.refuse(error);
        }
    }
    return items;
}

pg::Error error_of(const pg::ServerError& error) {
    return {.sqlstate = error.data->sqlerrcode,
            .message = text_of(error.data->message),
            .detail = text_of(error.data->detail),
            .hint = text_of(error.data->hint)};
}

// Reads further items until the end of the array, or until one that JSONB cannot hold, whose error is thrown.
void read_while_valid(event::JsonArray& events, std::vector<TriedEvent>& items) {
    while (events.next()) {
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
        TriedEvent& item = items.emplace_back();
        try {
            item.metadata_bytes = read_event(events, item.event);
        } catch (const pg::Error& error) {
            item.refuse(error);
        }
    }
}

std::vector<TriedEvent> read_items(event::JsonArray events) {
    std::vector<TriedEvent> items;
    for (bool more = true; more;) {
        try {
            pg::Subtransaction subtransaction;
            read_while_valid(events, items);
            subtransaction.commit();
            more = false;
        } catch (const pg::ServerError& error) {
            if (scope_of(error.data->sqlerrcode) != ErrorScope::event) throw;
            items.back().refuse(error_of(error));
        }
    }
    return items;
}

// The memory of an event is freed before the next one is read.
void write_each(std::span<TriedEvent*> items) {
    MemoryContext outer = CurrentMemoryContext;
    store::Insertion insertion = begin();
    MemoryContext each = pg::call(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "eventlog event", ALLOCSET_DEFAULT_SIZES); });
    for (TriedEvent* item : items) {
        MemoryContextSwitchTo(each);
        item->id = write(insertion, item->event, item->metadata_bytes);
        pg::call([each] { MemoryContextReset(each); });
    }
    MemoryContextSwitchTo(outer);
    end(insertion);
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
        if (scope_of(error.sqlstate) != ErrorScope::event) throw;
        refusal = error;
    } catch (const pg::ServerError& error) {
        if (scope_of(error.data->sqlerrcode) != ErrorScope::event) throw;
        refusal = error_of(error);
    }
    MemoryContextSwitchTo(outer);
    pg::call([attempt] { MemoryContextDelete(attempt); });
    if (refusal && items.size() == 1) items.front()->refuse(std::move(*refusal));
    return !refusal;
}

std::vector<TriedEvent> write_items(std::vector<TriedEvent> items) {
    std::vector<TriedEvent*> good;
    for (TriedEvent& item : items)
        if (!item.is_refused()) good.push_back(&item);
    // An error that keeps every event from being written is raised once.
    if (!good.empty()) {
        store::Insertion insertion = begin();
        end(insertion);
    }
    bisect(std::span(good), write_or_refuse);
    return items;
}

}  // namespace

void TriedEvent::refuse(pg::Error error) {
    refusal = std::move(error);
    count_rejected(refusal.sqlstate);
}

std::vector<TriedEvent> try_log_events(const jsonb::Container& events) {
    return write_items(read_items(events));
}

std::vector<TriedEvent> try_log_events(const event::JsonArray& events) {
    return write_items(read_items(events));
}

}  // namespace eventlog::ingest
