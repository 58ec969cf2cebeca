#include "ingest/batch.h"

#include "event/forms.h"
#include "event/problem.h"
#include "ingest/pipeline.h"
#include "pg/boundary.h"

namespace eventlog::ingest {

size_t read_event(const jsonb::Container& envelope, event::Event& event) {
    if (auto problem = event::read_envelope(envelope, event)) throw pg::error_of(*problem);
    return check(event);
}

size_t read_event(const jsonb::Value& element, event::Event& event) {
    if (element.kind != jsonb::Kind::object) throw pg::error_of(event::not_an_envelope(element.kind));
    return read_event(element.container(), event);
}

void refuse_no_array() {
    throw pg::error_of({.rule = event::Rule::events_array,
                        .field = event::Field::none,
                        .message = "events is not a JSON array",
                        .detail = {},
                        .hint = "Pass an array of envelopes, or one envelope to eventlog.log_envelope."});
}

}  // namespace eventlog::ingest
