// eventlog.log_envelope, log_events and log_events_json: the event as JSON, one or many. The functions
// without "or_null" in their names are those of release 0.2.0, which are STRICT.
#include "pg/boundary.h"

#include "event/json_array.h"
#include "event/json_kind.h"
#include "ingest/batch_writer.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "ingest/read_event.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;

// Writes the batch and returns the ids as the function's set.
void return_ids(FunctionCallInfo fcinfo, const ingest::NextEvent& next) {
    auto* set = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    ingest::write_batch(next, [set](const ids::Uuid& id) {
        pg::call([&] {
            Datum value = pg::uuid_datum(id);
            bool null = false;
            tuplestore_putvalues(set->setResult, set->setDesc, &value, &null);
        });
    });
}

// Reads the batch as JSON text, of which `read` reads the current element.
void log_json_batch(FunctionCallInfo fcinfo, size_t (*read)(const event::JsonArray&, event::Event&)) {
    ingest::counted([fcinfo, read] {
        std::string_view document = pg::call([fcinfo] { return pg::text_view(PG_GETARG_DATUM(0)); });
        event::JsonArray events(document);
        if (!events.is_array()) ingest::refuse_no_array(event::kind_of_text(document));
        return_ids(fcinfo, [&events, read](event::Event& event, size_t& metadata_bytes) {
            if (!events.next()) return false;
            metadata_bytes = read(events, event);
            return true;
        });
    });
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_log_envelope) {
    ids::Uuid id = ingest::counted([fcinfo] {
        jsonb::Container envelope = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        event::Event event;
        size_t metadata_bytes = ingest::read_event(envelope, event);
        return ingest::write_alone(event, metadata_bytes);
    });
    return pg::call([&id] { return pg::uuid_datum(id); });
}

EVENTLOG_FUNCTION(eventlog_log_events) {
    ingest::counted([fcinfo] {
        jsonb::Container events = pg::call([fcinfo] { return pg::jsonb_view(PG_GETARG_DATUM(0)); });
        if (!events.is_array()) ingest::refuse_no_array(event::kind_of_root(events));
        jsonb::Elements elements(events);
        return_ids(fcinfo, [&elements](event::Event& event, size_t& metadata_bytes) {
            if (!elements.next()) return false;
            metadata_bytes = ingest::read_event(elements.value(), event);
            return true;
        });
    });
    return (Datum)0;
}

// The function of release 0.2.0, which keeps the last of the values of a doubled key.
EVENTLOG_FUNCTION(eventlog_log_events_json) {
    log_json_batch(fcinfo, [](const event::JsonArray& events, event::Event& event) {
        return ingest::read_event(ingest::parse_jsonb(events.element()), event);
    });
    return (Datum)0;
}

EVENTLOG_FUNCTION(eventlog_log_envelope_or_null) {
    ingest::require_argument(fcinfo, "envelope");
    return eventlog_log_envelope_body(fcinfo);
}

EVENTLOG_FUNCTION(eventlog_log_events_or_null) {
    ingest::require_argument(fcinfo, "events");
    return eventlog_log_events_body(fcinfo);
}

EVENTLOG_FUNCTION(eventlog_log_events_json_or_null) {
    ingest::require_argument(fcinfo, "events");
    log_json_batch(fcinfo, [](const event::JsonArray& events, event::Event& event) {
        return ingest::read_event(events, event);
    });
    return (Datum)0;
}
