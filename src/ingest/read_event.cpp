#include "ingest/read_event.h"

#include "event/envelope_forms.h"
#include "event/json_kind.h"
#include "ingest/counters.h"
#include "ingest/pipeline.h"
#include "pg/boundary.h"

namespace eventlog::ingest {

size_t read_event(const jsonb::Container& envelope, event::Event& event) {
    if (auto broken = event::read_envelope(envelope, event)) throw pg::error_of(*broken);
    return check(event);
}

size_t read_event(const jsonb::Value& element, event::Event& event) {
    if (element.kind != jsonb::Kind::object) throw pg::error_of(event::not_an_envelope(element.kind));
    return read_event(element.container(), event);
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
