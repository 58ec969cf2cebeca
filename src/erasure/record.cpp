#include "erasure/record.h"

#include "ingest/pipeline.h"
#include "logs/events.h"
#include "pg/boundary.h"
#include "runtime/commit_signal.h"

namespace eventlog::erasure {
namespace {

constexpr std::string_view kSource = "eventlog";

// The names are in the order of Scope.
constexpr std::string_view kErasureRecordNames[] = {"eventlog.actor.erased", "eventlog.resource.erased",
                                                    "eventlog.event.erased"};

// Returns {"events": …, "deadLetters": …, "idempotencyKeys": …}.
Jsonb* counts_of(const Erased& erased) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    for (const store::LogTable* log : store::log_tables()) {
        uint64_t rows = erased.rows[store::index_of(*log)];
        if (rows > 0 || log == &logs::kEvents)
            appendStringInfo(&json, "%s\"%s\": " UINT64_FORMAT, json.len > 1 ? ", " : "", log->name, rows);
    }
    for (size_t i = 0; i < quotations().size(); i++)
        if (const char* name = quotations()[i].name)
            appendStringInfo(&json, ", \"%s\": " UINT64_FORMAT, name, erased.quotations[i]);
    appendStringInfo(&json, ", \"idempotencyKeys\": " UINT64_FORMAT, erased.idempotency_keys);
    appendStringInfoChar(&json, '}');
    return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

// Turns off the session's default actor. The envelope tells who erased, and a later erasure of that actor
// must not erase the record. Returns the nesting level for AtEOXact_GUC, which ends this.
int without_default_actor() {
    int level = NewGUCNestLevel();
    for (const char* name : {"eventlog.actor_type", "eventlog.actor_id"})
        (void)set_config_option(name, "", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
}

// Logs the record. The limits that are set for applications do not apply, because the record could exceed one
// of them.
void log_erasure(Scope scope, const Erased& erased) {
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
        // Every worker that sends events has to discard what it has encoded.
        runtime::notify_at_commit(runtime::Notice::flagged_events);
    });
}

}  // namespace

Erased erase_and_log(const Erasure& erasure) {
    Erased erased = erase(erasure);
    log_erasure(erasure.scope, erased);
    return erased;
}

}  // namespace eventlog::erasure
