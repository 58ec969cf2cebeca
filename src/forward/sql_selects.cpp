// The SQL function eventlog_internal.selects: the filter of a target, as the worker applies it.
#include "pg/boundary.h"

#include "forward/policy/selection.h"
#include "pg/call_site.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;

// The option that the call site has read last.
struct Known {
    std::string events = "flagged";
    forward::Selection selection;
};

struct Arguments {
    std::string_view events;
    std::string_view event_name;
    jsonb::Container metadata;
};

}  // namespace

EVENTLOG_FUNCTION(eventlog_selects) {
    auto arguments = pg::call([fcinfo] {
        return Arguments{pg::text_view(PG_GETARG_DATUM(0)), pg::text_view(PG_GETARG_DATUM(1)),
                         pg::jsonb_view(PG_GETARG_DATUM(2))};
    });
    Known& known = pg::kept_by<Known>(fcinfo->flinfo);
    if (known.events != arguments.events) {
        if (auto broken = forward::Selection::parse(arguments.events, known.selection))
            throw pg::error_of(*broken);
        known.events = arguments.events;
    }
    event::StoredRow row;
    row.event_name = arguments.event_name;
    row.metadata = arguments.metadata;
    PG_RETURN_BOOL(known.selection.selects(row));
}
