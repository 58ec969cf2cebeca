#include "erasure/erasure.h"

#include "event/idempotency.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "store/catalog.h"
#include "store/change_permission.h"
#include "pg/owner_sql.h"

namespace eventlog::erasure {
namespace {

constexpr int kEventsAtOnce = 1000;

// What picks the events of a scope: $1 its id, $2 its type. An event is erased again for the sake of a
// resource that an erased actor has left there.
constexpr const char* kConditions[] = {
    "actor_id = $1 AND ($2 IS NULL OR actor_type = $2)",
    "resource_id = $1 AND ($2 IS NULL OR resource_type = $2)",
    "event_id = $1::uuid AND (resource_id IS NOT NULL OR NOT metadata -> '_eventLog' ? '" EVENTLOG_ERASED_KEY
    "')",
};

constexpr const char* kFind =
    "SELECT event_id, tenant_id, source, metadata #>> '{_eventLog,idempotencyKey}'"
    " FROM eventlog.events WHERE %s AND event_id > $3 ORDER BY event_id LIMIT %d";

// $3: the events found, from $4 to $5: the bounds keep either index to them. The condition again, since
// another may have erased one meanwhile; a resource outlives its actor where it is not the actor itself.
constexpr const char* kErase = R"(
UPDATE eventlog.events
SET actor_type = NULL, actor_id = NULL, sofa = NULL, trace_id = NULL, value = NULL, schema_version = NULL,
    resource_type = CASE WHEN %2$s THEN resource_type END,
    resource_id = CASE WHEN %2$s THEN resource_id END,
    metadata = jsonb_build_object('_eventLog', jsonb_build_object(')" EVENTLOG_ERASED_KEY R"(', true,
        'forwardToStatsig', coalesce(metadata -> '_eventLog' -> 'forwardToStatsig', 'false')))
WHERE %1$s AND event_id BETWEEN $4 AND $5 AND event_id = ANY ($3))";

constexpr const char* kKeepsResource[] = {"resource_id <> $1", "false", "false"};

// What lies beside the log about the events $1, in the order of kBesideEvents; $2 are the hashes of their
// idempotency keys, by which these have an index. A dead letter stays, for what has not been delivered must
// not be forgotten; what the endpoint said may quote the event.
struct Statement {
    const char* sql;
    int expected;
};
constexpr Statement kEraseBeside[] = {
    {"UPDATE eventlog.dead_letters SET reason = '" EVENTLOG_ERASED_REASON
     "', body = NULL WHERE event_id = ANY ($1)",
     SPI_OK_UPDATE},
    {"DELETE FROM eventlog.idempotency_keys WHERE key_hash = ANY ($2) AND event_id = ANY ($1)",
     SPI_OK_DELETE},
};
static_assert(std::size(kEraseBeside) == std::size(kBesideEvents));

// The last error of a target quotes an endpoint that left events out.
constexpr const char* kUnquoteErrors =
    "UPDATE eventlog.targets SET last_error = split_part(last_error, ': ', 1)"
    " WHERE last_error LIKE 'the endpoint took a request and left out %: %'";

// Records have neither an actor nor a resource, and numbers alone; what only bears the name of one is an
// event like others.
constexpr const char* kIsRecord = R"(
SELECT FROM eventlog.events
WHERE event_id = $1::uuid AND source = 'eventlog'
  AND event_name IN ('eventlog.actor.erased', 'eventlog.resource.erased', 'eventlog.event.erased')
  AND num_nonnulls(event_type, actor_id, resource_id, sofa) = 0
  AND NOT EXISTS (SELECT FROM jsonb_each(metadata - '_eventLog') WHERE jsonb_typeof(value) <> 'number'))";

constexpr size_t kMaxParameters = 5;

struct Parameter {
    Oid type;
    Datum value;
    bool null;
};

// Runs a statement that is planned for its values, under a snapshot of its own: the transaction's may be
// older than what is to be erased.
uint64 run(const char* sql, int expected, std::initializer_list<Parameter> parameters, Snapshot snapshot) {
    Oid types[kMaxParameters];
    Datum values[kMaxParameters];
    char nulls[kMaxParameters];
    int count = 0;
    for (const Parameter& parameter : parameters) {
        types[count] = parameter.type;
        values[count] = parameter.value;
        nulls[count++] = parameter.null ? 'n' : ' ';
    }
    SPIPlanPtr plan = SPI_prepare_cursor(sql, count, types, CURSOR_OPT_CUSTOM_PLAN);
    if (plan == nullptr) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(SPI_result));
    int result = SPI_execute_snapshot(plan, values, nulls, snapshot, InvalidSnapshot, false, true, 0);
    if (result != expected) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(result));
    return SPI_processed;
}

// An idempotency key and what it is unique in.
struct Key {
    std::optional<ids::Uuid> tenant_id;
    std::string_view source;
    std::string_view key;
};

// Events to be erased: their ids as an array, and the keys of those that have one. In SPI's memory.
struct Found {
    uint64 events;
    Datum ids;
    Datum first;
    Datum last;
    std::span<Key> keys;
};

// The key in a row of kFind; without data: none.
Key key_of(HeapTuple row, TupleDesc columns) {
    bool null = false;
    Key key{};
    Datum text = SPI_getbinval(row, columns, 4, &null);
    if (null) return key;
    key.key = pg::text_view(text);
    key.source = pg::text_view(SPI_getbinval(row, columns, 3, &null));
    Datum tenant = SPI_getbinval(row, columns, 2, &null);
    if (!null) key.tenant_id = pg::uuid_of(tenant);
    return key;
}

Datum array_of(Datum* values, size_t count, Oid type, int length, char alignment) {
    return PointerGetDatum(construct_array(values, static_cast<int>(count), type, length, false, alignment));
}

// The settings that the statements run under, to the end of the owner's stretch.
void set_local(const char* name, const char* value) {
    (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

// One erasure at work, inside a stretch of the owner's SQL.
class Run {
  public:
    Run(const Erasure& erasure, Snapshot snapshot) : erasure_(erasure), snapshot_(snapshot) {}

    // Erases the next events; false when there are none left.
    bool next(Erased& erased) {
        // What a piece takes is freed with its level of SPI. An error leaves that to the end of the
        // transaction.
        pg::call([] { SPI_connect(); });
        Found found = pg::call([this] { return find(); });
        std::vector<event::Digest> hashes;
        for (const Key& key : found.keys)
            hashes.push_back(event::key_digest(key.tenant_id, key.source, key.key));
        if (found.events > 0) {
            store::ChangePermission permission(store::catalog().table_of(store::Log::events));
            erased.events += pg::call([this, &found] { return erase(found); });
        }
        if (found.events > 0) pg::call([&erased, &found, &hashes] { erase_beside(erased, found, hashes); });
        pg::call([] { SPI_finish(); });
        return found.events > 0;
    }

  private:
    int scope() const { return static_cast<int>(erasure_.scope); }
    Parameter id() const { return {TEXTOID, pg::text_datum(erasure_.id), false}; }
    Parameter type() const {
        bool every = erasure_.type.data() == nullptr;
        return {TEXTOID, every ? (Datum)0 : pg::text_datum(erasure_.type), every};
    }

    Found find() {
        uint64 events = run(psprintf(kFind, kConditions[scope()], kEventsAtOnce), SPI_OK_SELECT,
                            {id(), type(), {UUIDOID, pg::uuid_datum(last_), false}}, snapshot_);
        if (events == 0) return {};
        auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * events));
        auto* keys = static_cast<Key*>(palloc(sizeof(Key) * events));
        size_t keyed = 0;
        bool null = false;
        for (uint64 i = 0; i < events; i++) {
            HeapTuple row = SPI_tuptable->vals[i];
            ids[i] = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null);
            Key key = key_of(row, SPI_tuptable->tupdesc);
            if (key.key.data() != nullptr) new (&keys[keyed++]) Key(key);
        }
        last_ = pg::uuid_of(ids[events - 1]);
        return {.events = events,
                .ids = array_of(ids, events, UUIDOID, UUID_LEN, TYPALIGN_CHAR),
                .first = ids[0],
                .last = ids[events - 1],
                .keys = {keys, keyed}};
    }

    uint64 erase(const Found& found) {
        return run(psprintf(kErase, kConditions[scope()], kKeepsResource[scope()]), SPI_OK_UPDATE,
                   {id(),
                    type(),
                    {UUIDARRAYOID, found.ids, false},
                    {UUIDOID, found.first, false},
                    {UUIDOID, found.last, false}},
                   snapshot_);
    }

    // Under a snapshot taken after the events were erased: a worker that held an event to store it as a dead
    // letter has ended its transaction.
    static void erase_beside(Erased& erased, const Found& found, std::span<const event::Digest> hashes) {
        auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * (hashes.size() + 1)));
        for (size_t i = 0; i < hashes.size(); i++)
            datums[i] = pg::text_datum({reinterpret_cast<const char*>(hashes[i].data()), hashes[i].size()});
        Datum keys = array_of(datums, hashes.size(), BYTEAOID, -1, TYPALIGN_INT);
        for (size_t i = 0; i < std::size(kEraseBeside); i++)
            erased.beside[i] +=
                run(kEraseBeside[i].sql, kEraseBeside[i].expected,
                    {{UUIDARRAYOID, found.ids, false}, {BYTEAARRAYOID, keys, false}}, GetLatestSnapshot());
    }

    const Erasure& erasure_;
    Snapshot snapshot_;
    ids::Uuid last_{};
};

// The worker forgets what it has encoded, once this has committed.
void notify_worker() {
    CacheInvalidateRelcacheByRelid(get_relname_relid("dead_letters", get_namespace_oid("eventlog", false)));
}

}  // namespace

Erased erase(const Erasure& erasure) {
    struct Stretch {
        pg::OwnerSql sql;
        Snapshot snapshot;
    };
    Stretch stretch = pg::call([] {
        pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
        // An error rather than events left out, where row security is forced upon the owner.
        set_local("row_security", "off");
        set_local("enable_seqscan", "off");
        set_local("jit", "off");
        return Stretch{saved, RegisterSnapshot(GetLatestSnapshot())};
    });
    Erased erased{};
    Run run_of_erasure(erasure, stretch.snapshot);
    while (run_of_erasure.next(erased)) continue;
    pg::call([&erased, &stretch] {
        if (erased.events > 0) {
            run(kUnquoteErrors, SPI_OK_UPDATE, {}, GetLatestSnapshot());
            notify_worker();
        }
        UnregisterSnapshot(stretch.snapshot);
        pg::end_owner_sql(stretch.sql);
    });
    return erased;
}

bool is_erasure_record(std::string_view event_id) {
    return pg::call([event_id] {
        pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
        bool found = run(kIsRecord, SPI_OK_SELECT, {{TEXTOID, pg::text_datum(event_id), false}},
                         GetLatestSnapshot()) > 0;
        pg::end_owner_sql(saved);
        return found;
    });
}

}  // namespace eventlog::erasure
