// eventlog.erase_actor, erase_resource, erase_event: the data of events goes, and an event records it.
#include "pg/boundary.h"

#include "event/normalise.h"
#include "ids/uuid7.h"
#include "ingest/pipeline.h"
#include "pg/datum.h"
#include "runtime/commit_signal.h"
#include "store/catalog.h"
#include "erasure/erasure.h"

namespace {

using namespace eventlog;
using erasure::Erasure;
using erasure::ErasureScope;

constexpr std::string_view kSource = "eventlog";

// In the order of ErasureScope.
constexpr std::string_view kErasureRecordNames[] = {"eventlog.actor.erased", "eventlog.resource.erased",
                                                    "eventlog.event.erased"};

// A trimmed argument; without data where it is NULL. A blank one is refused: it must not pass for every type.
std::string_view text_argument(FunctionCallInfo fcinfo, int argument, const char* name, const char* hint) {
    if (PG_ARGISNULL(argument)) return {};
    std::string_view text =
        event::trim(pg::call([fcinfo, argument] { return pg::text_view(PG_GETARG_DATUM(argument)); }));
    if (text.empty())
        throw pg::Error{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
                        .message = std::string(name) + " must not be blank",
                        .hint = hint,
                        .column = name};
    return text;
}

[[noreturn]] void refuse_null(const char* name) {
    throw pg::Error{.sqlstate = ERRCODE_NULL_VALUE_NOT_ALLOWED,
                    .message = std::string(name) + " must not be null",
                    .column = name};
}

// {"events": …, "deadLetters": …}
Jsonb* counts_of(const erasure::Erased& erased) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfo(&json, "{\"events\": " UINT64_FORMAT, erased.events);
    for (size_t i = 0; i < std::size(erasure::kBesideEvents); i++)
        appendStringInfo(&json, ", \"%s\": " UINT64_FORMAT, erasure::kBesideEvents[i], erased.beside[i]);
    appendStringInfoChar(&json, '}');
    return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

// Has the session's default actor stand aside: by whom is in the envelope, and what erases that actor must
// not erase the record. Ends with AtEOXact_GUC.
int without_default_actor() {
    int level = NewGUCNestLevel();
    for (const char* name : {"eventlog.actor_type", "eventlog.actor_id"})
        (void)set_config_option(name, "", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
}

// Logged without the limits that are set for applications, of which the record could break one.
void log_erasure(ErasureScope scope, const erasure::Erased& erased) {
    Jsonb* counts = pg::call([&erased] { return counts_of(erased); });
    event::Event event;
    event.event_name = kErasureRecordNames[static_cast<int>(scope)];
    event.source = kSource;
    event.metadata = jsonb::Container({VARDATA(counts), VARSIZE(counts) - VARHDRSZ});
    int level = pg::call([] { return without_default_actor(); });
    store::Insertion insertion = ingest::begin();
    ingest::write(insertion, event, VARSIZE(counts));
    ingest::end(insertion);
    pg::call([level] {
        AtEOXact_GUC(true, level);
        // Every worker that sends anything is to forget what it has encoded.
        runtime::notify_at_commit(runtime::Notice::flagged_events);
    });
}

Datum erase(const Erasure& erasure) {
    erasure::Erased erased = erasure::erase(erasure);
    log_erasure(erasure.scope, erased);
    return Int64GetDatum(static_cast<int64>(erased.events));
}

void require_writable(const char* function) {
    pg::call([function] {
        PreventCommandIfReadOnly(function);
        PreventCommandIfParallelMode(function);
    });
}

// The arguments of erase_actor and erase_resource: a type, which may be NULL, and an id.
Datum erase_named(FunctionCallInfo fcinfo, ErasureScope scope, const char* type_name, const char* id_name) {
    std::string_view type = text_argument(fcinfo, 0, type_name, "To erase the id of every type, pass NULL.");
    std::string_view id = text_argument(fcinfo, 1, id_name, "");
    if (id.data() == nullptr) refuse_null(id_name);
    return erase({scope, id, type});
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_erase_actor) {
    require_writable("eventlog.erase_actor()");
    return erase_named(fcinfo, ErasureScope::actor, "actor_type", "actor_id");
}

EVENTLOG_FUNCTION(eventlog_erase_resource) {
    require_writable("eventlog.erase_resource()");
    return erase_named(fcinfo, ErasureScope::resource, "resource_type", "resource_id");
}

EVENTLOG_FUNCTION(eventlog_erase_event) {
    require_writable("eventlog.erase_event()");
    if (PG_ARGISNULL(0)) refuse_null("event_id");
    const char* id =
        pg::call([fcinfo] { return DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0))); });
    if (erasure::is_erasure_record(id))
        throw pg::Error{.sqlstate = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                        .message = "event_id names the record of an erasure, which is not erased",
                        .detail = "It holds counts, and who asked for the erasure.",
                        .hint = "It goes with its partition, by retention.",
                        .column = "event_id"};
    return erase({ErasureScope::event, id, {}});
}
