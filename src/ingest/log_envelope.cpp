// eventlog.log_envelope, log_events and log_events_json: the event as JSON, one or many.
#include "pg/boundary.h"

#include "event/json_array.h"
#include "ingest/batch.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;

// Tells which event of a batch an error is about, whoever raises it.
class EventIndex {
  public:
    EventIndex() {
        callback_.callback = [](void* index) {
            errcontext("event %d of the batch", *static_cast<int*>(index));
        };
        callback_.arg = &index_;
        callback_.previous = error_context_stack;
        error_context_stack = &callback_;
    }
    ~EventIndex() { error_context_stack = callback_.previous; }
    EventIndex(const EventIndex&) = delete;
    EventIndex& operator=(const EventIndex&) = delete;

    void advance() { index_++; }

    // Runs one event's work; what it throws gets the index into its DETAIL and CONTEXT.
    template <typename Work>
    void run(Work&& work) {
        try {
            work();
        } catch (pg::Error& error) {
            if (!error.detail.empty()) error.detail += ' ';
            error.detail += "The event's index is " + std::to_string(index_) + ".";
            error.context = "event " + std::to_string(index_) + " of the batch";
            throw;
        } catch (pg::ServerError& error) {
            ErrorData* data = error.data;
            int index = index_;
            data->detail = pg::call([data, index] {
                return psprintf("%s%sThe event's index is %d.", data->detail != nullptr ? data->detail : "",
                                data->detail != nullptr ? " " : "", index);
            });
            throw;
        }
    }

  private:
    int index_ = 0;
    ErrorContextCallback callback_{};
};

// Writes the events that `next` yields, all or nothing, and returns their ids as the function's set. Memory
// of an event is given back before the next one.
template <typename Next>
void write_all(FunctionCallInfo fcinfo, Next&& next) {
    struct Result {
        ReturnSetInfo* set;
        MemoryContext outer;
        MemoryContext each;
    } result = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
        return Result{reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), CurrentMemoryContext,
                      AllocSetContextCreate(CurrentMemoryContext, "eventlog event", ALLOCSET_DEFAULT_SIZES)};
    });
    store::Insertion insertion = ingest::begin();
    EventIndex index;
    bool more = true;
    while (more) {
        MemoryContextSwitchTo(result.each);
        index.run([&] {
            event::Event event;
            size_t metadata_bytes = 0;
            more = next(event, metadata_bytes);
            if (!more) return;
            ids::Uuid id = ingest::write(insertion, event, metadata_bytes);
            pg::call([&] {
                Datum value = pg::uuid_datum(id);
                bool null = false;
                tuplestore_putvalues(result.set->setResult, result.set->setDesc, &value, &null);
            });
        });
        pg::call([&] { MemoryContextReset(result.each); });
        index.advance();
    }
    MemoryContextSwitchTo(result.outer);
    ingest::end(insertion);
    pg::call([&] { MemoryContextDelete(result.each); });
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_log_envelope) {
    ids::Uuid id = ingest::counted([fcinfo] {
        jsonb::Container envelope = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        event::Event event;
        size_t metadata_bytes = ingest::read_event(envelope, event);
        store::Insertion insertion = ingest::begin();
        ids::Uuid written = ingest::write(insertion, event, metadata_bytes);
        ingest::end(insertion);
        return written;
    });
    return pg::call([&id] { return pg::uuid_datum(id); });
}

EVENTLOG_FUNCTION(eventlog_log_events) {
    ingest::counted([fcinfo] {
        jsonb::Container events = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        if (!events.is_array()) ingest::refuse_no_array();
        jsonb::Elements elements(events);
        write_all(fcinfo, [&elements](event::Event& event, size_t& metadata_bytes) {
            if (!elements.next()) return false;
            metadata_bytes = ingest::read_event(elements.value(), event);
            return true;
        });
    });
    return (Datum)0;
}

EVENTLOG_FUNCTION(eventlog_log_events_json) {
    ingest::counted([fcinfo] {
        std::string_view document = pg::call([fcinfo] { return pg::text_view(PG_GETARG_DATUM(0)); });
        event::JsonArray events(document);
        if (!events.is_array()) ingest::refuse_no_array();
        write_all(fcinfo, [&events](event::Event& event, size_t& metadata_bytes) {
            if (!events.next()) return false;
            std::string_view element = events.element();
            jsonb::Container envelope = pg::call([element] {
                char* text = pnstrdup(element.data(), element.size());
                return pg::jsonb_view(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
            });
            metadata_bytes = ingest::read_event(envelope, event);
            return true;
        });
    });
    return (Datum)0;
}
