#include "ingest/read_event.h"

#include "event/envelope_forms.h"
#include "event/json_kind.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "pg/boundary.h"
#include "pg/datum.h"

namespace eventlog::ingest {
namespace {

// Returns the key that an object has twice, however it is escaped.
std::string doubled_key(std::string_view object) {
    std::vector<std::string> keys;
    for (auto members = event::JsonArray::members_of(object); members.next();) {
        jsonb::Elements key(parse_jsonb(members.key()));
        std::string name(key.next() ? key.value().bytes : std::string_view());
        if (std::find(keys.begin(), keys.end(), name) != keys.end()) return name;
        keys.push_back(std::move(name));
    }
    return {};
}

}  // namespace

size_t read_event(const jsonb::Container& envelope, event::Event& event) {
    if (auto broken = event::read_envelope(envelope, event)) throw pg::error_of(*broken);
    return check(event);
}

size_t read_event(const jsonb::Value& element, event::Event& event) {
    if (element.kind != jsonb::Kind::object) throw pg::error_of(event::not_an_envelope(element.kind));
    return read_event(element.container(), event);
}

size_t read_event(const event::JsonArray& events, event::Event& event) {
    const jsonb::Container envelope = parse_jsonb(events.element());
    if (events.commas() > 0 && envelope.is_object() && envelope.count() <= events.commas())
        throw pg::error_of(
            rules::violation<rules::Rule::envelope_key_doubled>(doubled_key(events.element())));
    return read_event(envelope, event);
}

jsonb::Container parse_jsonb(std::string_view json) {
    return pg::call([json] {
        char* text = pnstrdup(json.data(), json.size());
        const jsonb::Container value = pg::jsonb_view(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
        pfree(text);
        return value;
    });
}

void require_argument(FunctionCallInfo fcinfo, std::string_view field) {
    if (!PG_ARGISNULL(0)) return;
    counted([field] { throw pg::error_of(rules::violation<rules::Rule::log_argument_null>(field)); });
}

void refuse_no_array(jsonb::Kind found) {
    throw pg::error_of(
        rules::violation<rules::Rule::events_array>("events", rules::with<"found">(event::noun_of(found))));
}

}  // namespace eventlog::ingest
