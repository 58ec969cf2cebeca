// The C functions behind the SQL functions of consumers.
#include "pg/boundary.h"

#include "feed/consumer.h"
#include "feed/patterns.h"
#include "pg/call_site.h"
#include "pg/datum.h"
#include "runtime/commit_signal.h"

namespace {

using namespace eventlog;

// The patterns that a call site has read last.
struct Known {
    std::string array;  // the bytes of the array
    event::NamePatterns patterns;
};

struct Arguments {
    std::string_view array;
    std::string_view event_name;
};

}  // namespace

EVENTLOG_FUNCTION(eventlog_lock_consumer) {
    pg::call([fcinfo] { feed::lock_consumer(pg::text_view(PG_GETARG_DATUM(0))); });
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_wake_pollers) {
    runtime::notify_at_commit(runtime::Notice::events);
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_matches) {
    auto arguments = pg::call([fcinfo] {
        ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
        return Arguments{{reinterpret_cast<const char*>(array), VARSIZE(array)},
                         pg::text_view(PG_GETARG_DATUM(1))};
    });
    Known& known = pg::kept_by<Known>(fcinfo->flinfo);
    if (known.array != arguments.array) {
        Datum array = PointerGetDatum(arguments.array.data());
        known.patterns = feed::read_patterns(pg::call([array] { return feed::list_patterns(array); }));
        known.array = arguments.array;
    }
    PG_RETURN_BOOL(known.patterns.match(arguments.event_name));
}
