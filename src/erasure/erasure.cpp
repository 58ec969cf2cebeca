#include "erasure/erasure.h"

#include "event/idempotency.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "store/catalog.h"
#include "store/change_permission.h"
#include "pg/owner_sql.h"
#include "runtime/progress.h"

namespace eventlog::erasure {
namespace {

constexpr int kRowsAtOnce = 1000;

// The arguments are the log, its id column, the condition of the scope, the columns of an idempotency key and
// the number of rows.
constexpr const char* kFind =
    "SELECT %2$s, %4$s FROM eventlog.%1$s WHERE %3$s AND %2$s > $3 ORDER BY %2$s LIMIT %5$d";
constexpr const char* kCount = "SELECT count(*) FROM eventlog.%1$s WHERE %2$s";
constexpr const char* kNoKey = "NULL::uuid, NULL::text, NULL::text";

// $3 holds the ids that were found, from $4 to $5. The bounds restrict a scan of either index to them. The
// condition is repeated, because another transaction may have erased a row in the meantime.
constexpr const char* kErase =
    "UPDATE eventlog.%1$s SET %4$s WHERE %3$s AND %2$s BETWEEN $4 AND $5 AND %2$s = ANY ($3)";

// $1 holds the events, and $2 the hashes of their keys, by which the keys have an index. A hash in the ledger
// is that of the key, followed by that of its holder, which the event does not tell.
constexpr const char* kEraseKeys =
    "DELETE FROM eventlog.idempotency_keys k USING unnest($2) AS erased(hash)"
    " WHERE k.key_hash >= hash AND k.key_hash <= hash || decode(repeat('ff', 16), 'hex') AND k.event_id = "
    "ANY ($1)";

// The functions of each Scope.
constexpr const char* kCommands[] = {"erase_actor", "erase_resource", "erase_event"};

std::span<const Quotation> registered;

// A record has neither an actor nor a resource, and its metadata holds only numbers. An event that only has
// the name of a record is like any other.
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

// Runs a statement that is planned for its values, under its own snapshot, because the transaction's snapshot
// may be older than the events to be erased. Returns the number of rows.
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

// An idempotency key, with the tenant and the source within which it is unique.
struct Key {
    std::optional<ids::Uuid> tenant_id;
    std::string_view source;
    std::string_view key;
};

// The rows to be erased: their ids as an array, and the keys of those that have one. They live in SPI's
// memory.
struct Found {
    uint64 rows;
    Datum ids;
    Datum first;
    Datum last;
    std::span<Key> keys;
};

// Returns the key in a row of kFind. It has no data if the event has none.
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

// Sets a setting for the statements, until the owner's SQL ends.
void set_local(const char* name, const char* value) {
    (void)set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

// The erasure of one log, which runs between begin_owner_sql and end_owner_sql.
class LogErasure {
  public:
    LogErasure(const store::LogTable& log, const Erasure& erasure, Snapshot snapshot)
        : log_(log),
          clause_(log.erasure[static_cast<size_t>(erasure.scope)]),
          erasure_(erasure),
          snapshot_(snapshot) {}

    // Returns the number of rows to be erased.
    int64_t count() {
        return pg::call([this] {
            SPI_connect();
            run(psprintf(kCount, log_.name, clause_.condition), SPI_OK_SELECT, {id(), type()}, snapshot_);
            bool null = false;
            int64_t rows =
                DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
            SPI_finish();
            return rows;
        });
    }

    // Erases the next rows. Returns false if there are none left.
    bool next(Erased& erased) {
        // The memory of these rows is freed with this SPI level. After an error the end of the transaction
        // frees it.
        pg::call([] { SPI_connect(); });
        Found found = pg::call([this] { return find(); });
        std::vector<event::Digest> hashes;
        for (const Key& key : found.keys)
            hashes.push_back(event::key_digest(key.tenant_id, key.source, key.key));
        if (found.rows > 0) {
            store::ChangePermission permission(store::catalog().table_of(log_));
            erased.rows[store::index_of(log_)] += pg::call([this, &found] { return erase(found); });
        }
        if (found.rows > 0 && log_.key_columns != nullptr)
            pg::call([&erased, &found, &hashes] { erase_beside(erased, found, hashes); });
        pg::call([] { SPI_finish(); });
        return found.rows > 0;
    }

  private:
    Parameter id() const { return {TEXTOID, pg::text_datum(erasure_.id), false}; }
    Parameter type() const {
        bool every = erasure_.type.data() == nullptr;
        return {TEXTOID, every ? (Datum)0 : pg::text_datum(erasure_.type), every};
    }

    Found find() {
        const char* sql = psprintf(kFind, log_.name, log_.id_column(), clause_.condition,
                                   log_.key_columns != nullptr ? log_.key_columns : kNoKey, kRowsAtOnce);
        uint64 rows =
            run(sql, SPI_OK_SELECT, {id(), type(), {UUIDOID, pg::uuid_datum(last_), false}}, snapshot_);
        if (rows == 0) return {};
        auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * rows));
        auto* keys = static_cast<Key*>(palloc(sizeof(Key) * rows));
        size_t keyed = 0;
        bool null = false;
        for (uint64 i = 0; i < rows; i++) {
            HeapTuple row = SPI_tuptable->vals[i];
            ids[i] = SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null);
            Key key = key_of(row, SPI_tuptable->tupdesc);
            if (key.key.data() != nullptr) new (&keys[keyed++]) Key(key);
        }
        last_ = pg::uuid_of(ids[rows - 1]);
        return {.rows = rows,
                .ids = array_of(ids, rows, UUIDOID, UUID_LEN, TYPALIGN_CHAR),
                .first = ids[0],
                .last = ids[rows - 1],
                .keys = {keys, keyed}};
    }

    uint64 erase(const Found& found) {
        return run(psprintf(kErase, log_.name, log_.id_column(), clause_.condition, clause_.assignments),
                   SPI_OK_UPDATE,
                   {id(),
                    type(),
                    {UUIDARRAYOID, found.ids, false},
                    {UUIDOID, found.first, false},
                    {UUIDOID, found.last, false}},
                   snapshot_);
    }

    // The snapshot is taken after the events were erased. By then a worker that had locked an event to store
    // it as a dead letter has ended its transaction.
    static void erase_beside(Erased& erased, const Found& found, std::span<const event::Digest> hashes) {
        auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * (hashes.size() + 1)));
        for (size_t i = 0; i < hashes.size(); i++)
            datums[i] = pg::text_datum({reinterpret_cast<const char*>(hashes[i].data()), hashes[i].size()});
        Datum keys = array_of(datums, hashes.size(), BYTEAOID, -1, TYPALIGN_INT);
        Parameter ids{UUIDARRAYOID, found.ids, false};
        erased.idempotency_keys +=
            run(kEraseKeys, SPI_OK_DELETE, {ids, {BYTEAARRAYOID, keys, false}}, GetLatestSnapshot());
        for (size_t i = 0; i < registered.size(); i++)
            if (registered[i].of_events)
                erased.quotations[i] += run(registered[i].sql, SPI_OK_UPDATE, {ids}, GetLatestSnapshot());
    }

    const store::LogTable& log_;
    const store::ErasureClause& clause_;
    const Erasure& erasure_;
    Snapshot snapshot_;
    ids::Uuid last_{};
};

// Makes the worker discard the events that it has encoded, once this transaction has committed.
void notify_worker() {
    CacheInvalidateRelcacheByRelid(get_relname_relid("dead_letters", get_namespace_oid("eventlog", false)));
}

// Returns whether rows of the log can hold data of the scope.
bool concerns(const store::LogTable& log, Scope scope) {
    return !log.erasure.empty() && log.erasure[static_cast<size_t>(scope)].condition != nullptr &&
           pg::call([&log] { return store::catalog().has(log); });
}

}  // namespace

void register_quotations(std::span<const Quotation> quotations) {
    Assert(quotations.size() <= kMaxQuotations);
    registered = quotations;
}

std::span<const Quotation> quotations() {
    return registered;
}

uint64_t Erased::all_rows() const {
    return std::accumulate(std::begin(rows), std::end(rows), uint64_t{0});
}

Erased erase(const Erasure& erasure) {
    struct Stretch {
        pg::OwnerSql sql;
        Snapshot snapshot;
    };
    Stretch stretch = pg::call([] {
        store::require_full_service();
        pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
        // If row security is forced upon the owner, an error is raised rather than events left out.
        set_local("row_security", "off");
        set_local("enable_seqscan", "off");
        set_local("jit", "off");
        return Stretch{saved, RegisterSnapshot(GetLatestSnapshot())};
    });
    std::vector<LogErasure> logs;
    for (const store::LogTable* log : store::log_tables())
        if (concerns(*log, erasure.scope)) logs.emplace_back(*log, erasure, stretch.snapshot);
    runtime::ProgressReport progress(kCommands[static_cast<size_t>(erasure.scope)]);
    progress.show("counting events", 0, -1);
    int64_t total = 0;
    for (LogErasure& log : logs) total += log.count();
    progress.show("erasing events", 0, total);
    Erased erased{};
    for (LogErasure& log : logs)
        while (log.next(erased))
            progress.show("erasing events", static_cast<int64_t>(erased.all_rows()), total);
    pg::call([&erased, &stretch] {
        if (erased.all_rows() > 0) {
            for (const Quotation& quotation : registered)
                if (!quotation.of_events) run(quotation.sql, SPI_OK_UPDATE, {}, GetLatestSnapshot());
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
