// eventlog.erase_actor, eventlog.erase_resource, eventlog.erase_event.
#include "pg/boundary.h"

#include "context/caller.h"
#include "event/normalise.h"
#include "pg/datum.h"
#include "erasure/record.h"

namespace {

using namespace eventlog;
using erasure::Erasure;
using erasure::Scope;
using rules::Rule;
using rules::violation;

// A trimmed argument; without data where it is NULL. A blank one is refused: it must not pass for every type.
template <Rule blank>
std::string_view text_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
    if (PG_ARGISNULL(argument)) return {};
    std::string_view text =
        event::trim(pg::call([fcinfo, argument] { return pg::text_view(PG_GETARG_DATUM(argument)); }));
    if (text.empty()) throw pg::error_of(violation<blank>(name));
    return text;
}

Datum erase_and_log(const Erasure& erasure) {
    return Int64GetDatum(static_cast<int64>(erasure::erase_and_log(erasure).all_rows()));
}

[[noreturn]] void refuse_null(const char* name) {
    throw pg::error_of(violation<Rule::argument_null>(name));
}

void require_writable(const char* function) {
    pg::call([function] {
        (void)context::current_caller();
        PreventCommandIfReadOnly(function);
        PreventCommandIfParallelMode(function);
    });
}

// Runs erase_actor and erase_resource, whose arguments are a type, which may be NULL, and an id.
Datum erase_named(FunctionCallInfo fcinfo, Scope scope, const char* type_name, const char* id_name) {
    std::string_view type = text_argument<Rule::erased_type_blank>(fcinfo, 0, type_name);
    std::string_view id = text_argument<Rule::argument_blank>(fcinfo, 1, id_name);
    if (id.data() == nullptr) refuse_null(id_name);
    return erase_and_log({scope, id, type});
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_erase_actor) {
    require_writable("eventlog.erase_actor()");
    return erase_named(fcinfo, Scope::actor, "actor_type", "actor_id");
}

EVENTLOG_FUNCTION(eventlog_erase_resource) {
    require_writable("eventlog.erase_resource()");
    return erase_named(fcinfo, Scope::resource, "resource_type", "resource_id");
}

EVENTLOG_FUNCTION(eventlog_erase_event) {
    require_writable("eventlog.erase_event()");
    if (PG_ARGISNULL(0)) refuse_null("event_id");
    const char* id =
        pg::call([fcinfo] { return DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0))); });
    if (erasure::is_erasure_record(id)) throw pg::error_of(violation<Rule::erasure_record>("event_id"));
    return erase_and_log({Scope::event, id, {}});
}
