#include "store/insert.h"

#include "pg/clock.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/columns.h"
#include "store/leaf.h"
#include "store/maintenance.h"
#include "store/partitions.h"
#include "pg/owner_sql.h"

namespace eventlog::store {

namespace {

SPIPlanPtr insert_plan = nullptr;
Oid insert_plan_table = InvalidOid;

// The row as datums in column order.
void fill(const Insertion& insertion, const event::StoredRow& row, Jsonb* metadata, Datum* values,
          bool* nulls) {
    auto set_text = [values, nulls](Column column, std::string_view value) {
        nulls[column] = !event::given(value);
        values[column] = nulls[column] ? (Datum)0 : pg::text_datum(value);
    };
    auto set = [values, nulls](Column column, Datum value) {
        nulls[column] = false;
        values[column] = value;
    };
    set(kEventId, pg::uuid_datum(row.event_id));
    set_text(kEventName, row.event_name);
    set_text(kEventType, row.event_type);
    set_text(kSource, row.source);
    set(kOrigin, ObjectIdGetDatum(insertion.catalog.origin_labels[static_cast<int>(row.origin)]));
    set_text(kActorType, row.actor_type);
    set_text(kActorId, row.actor_id);
    set_text(kResourceType, row.resource_type);
    set_text(kResourceId, row.resource_id);
    nulls[kTenantId] = !row.tenant_id;
    values[kTenantId] = row.tenant_id ? pg::uuid_datum(*row.tenant_id) : (Datum)0;
    set(kEventTs, TimestampTzGetDatum(pg::timestamp_of(row.event_ts)));
    set(kIngestedAt, TimestampTzGetDatum(pg::timestamp_of(row.ingested_at)));
    nulls[kValue] = !row.value;
    values[kValue] = row.value ? Float8GetDatum(*row.value) : (Datum)0;
    set(kMetadata, JsonbPGetDatum(metadata));
    set_text(kSchemaVersion, row.schema_version);
    set_text(kTraceId, row.trace_id);
    set_text(kAppVersion, row.app_version);
    set_text(kSofa, row.sofa);
    set(kXid, FullTransactionIdGetDatum(insertion.xid));
}

// Whether the columns are the ones that this library knows, and no others.
bool has_known_columns(Relation relation, Oid origin_type) {
    TupleDesc columns = RelationGetDescr(relation);
    if (columns->natts != kColumns) return false;
    if (columns->constr != nullptr && columns->constr->has_generated_stored) return false;
    for (int i = 0; i < kColumns; i++) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        Oid type = OidIsValid(kColumnDefinitions[i].type) ? kColumnDefinitions[i].type : origin_type;
        if (column->attisdropped || column->atttypid != type ||
            strcmp(NameStr(column->attname), kColumnDefinitions[i].name) != 0)
            return false;
    }
    return true;
}

bool has_insert_trigger(Relation relation) {
    const TriggerDesc* triggers = relation->trigdesc;
    return triggers != nullptr &&
           (triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
            triggers->trig_insert_instead_row || triggers->trig_insert_before_statement ||
            triggers->trig_insert_after_statement || triggers->trig_insert_new_table);
}

bool needs_executor(Relation relation, Oid origin_type) {
    return relation->rd_rules != nullptr || relation->rd_rel->relforcerowsecurity ||
           has_insert_trigger(relation) || !has_known_columns(relation, origin_type);
}

// The leaf, or null when it needs the executor.
Leaf* open_direct_leaf(Oid oid, Oid origin_type) {
    Relation relation = table_open(oid, RowExclusiveLock);
    // One that is no partition any more is left to the executor, too, which says so.
    if (relation->rd_rel->relkind != RELKIND_RELATION || !relation->rd_rel->relispartition ||
        relation->rd_tableam != GetHeapamTableAmRoutine() || needs_executor(relation, origin_type)) {
        table_close(relation, NoLock);
        return nullptr;
    }
    return open_leaf(relation);
}

SPIPlanPtr prepare_insert(Oid origin_type) {
    StringInfoData names;
    StringInfoData parameters;
    Oid types[kColumns];
    initStringInfo(&names);
    initStringInfo(&parameters);
    for (int i = 0; i < kColumns; i++) {
        types[i] = OidIsValid(kColumnDefinitions[i].type) ? kColumnDefinitions[i].type : origin_type;
        appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", kColumnDefinitions[i].name);
        appendStringInfo(&parameters, "%s$%d", i > 0 ? ", " : "", i + 1);
    }
    const char* sql = psprintf("INSERT INTO eventlog.events (%s) VALUES (%s)", names.data, parameters.data);
    SPIPlanPtr plan = SPI_prepare(sql, kColumns, types);
    if (plan == nullptr) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
}

void insert_by_executor(const Insertion& insertion, Datum* values, const bool* nulls) {
    char null_marks[kColumns];
    for (int i = 0; i < kColumns; i++) null_marks[i] = nulls[i] ? 'n' : ' ';
    pg::OwnerSql saved = pg::begin_owner_sql(insertion.catalog.owner);
    if (insert_plan_table != insertion.catalog.table_of(Log::events)) {
        insert_plan = prepare_insert(insertion.catalog.origin_type);
        insert_plan_table = insertion.catalog.table_of(Log::events);
    }
    int result = SPI_execute_plan(insert_plan, values, null_marks, false, 0);
    if (result != SPI_OK_INSERT && result != SPI_OK_REWRITTEN)
        elog(ERROR, "eventlog: INSERT INTO eventlog.events: %s", SPI_result_code_string(result));
    pg::end_owner_sql(saved);
}

void open_events(Insertion& insertion) {
    insertion.events = table_open(insertion.catalog.table_of(Log::events), RowExclusiveLock);
}

// The leaf for direct insertion, or null when the executor is needed.
Leaf* direct_leaf(Insertion& insertion, Oid leaf) {
    if (settings::insert_method != static_cast<int>(settings::InsertMethod::automatic)) return nullptr;
    if (insertion.leaf != nullptr && RelationGetRelid(insertion.leaf->relation) != leaf) {
        close_leaf(insertion.leaf);
        insertion.leaf = nullptr;
    }
    if (insertion.leaf == nullptr && !needs_executor(insertion.events, insertion.catalog.origin_type)) {
        MemoryContext caller = MemoryContextSwitchTo(insertion.memory);
        insertion.leaf = open_direct_leaf(leaf, insertion.catalog.origin_type);
        MemoryContextSwitchTo(caller);
    }
    return insertion.leaf;
}

}  // namespace

Insertion begin_insertion(int64_t unix_millis) {
    Insertion insertion{};
    insertion.memory = CurrentMemoryContext;
    insertion.catalog = catalog();
    if (!insertion.catalog.adopted) {
        make_ready(unix_millis);
        insertion.catalog = catalog();
    }
    open_events(insertion);
    insertion.xid = FullTransactionIdFromU64(U64FromFullTransactionId(GetTopFullTransactionId()) +
                                             insertion.catalog.xid_offset);
    return insertion;
}

void insert_row(Insertion& insertion, const event::StoredRow& row, Jsonb* metadata) {
    Oid leaf = leaf_of(Log::events, insertion.events, row.event_id);
    if (!OidIsValid(leaf)) {
        int64_t unix_millis = ids::unix_millis_of(row.event_id);
        make_room(insertion, unix_millis);
        leaf = leaf_of(Log::events, insertion.events, row.event_id);
    }
    Datum values[kColumns];
    bool nulls[kColumns];
    fill(insertion, row, metadata, values, nulls);
    Leaf* direct = direct_leaf(insertion, leaf);
    if (direct != nullptr)
        insert_into_leaf(direct, values, nulls);
    else
        insert_by_executor(insertion, values, nulls);
}

void make_room(Insertion& insertion, int64_t unix_millis) {
    end_insertion(insertion);
    make_ready(unix_millis);
    insertion.catalog = catalog();
    open_events(insertion);
}

void end_insertion(Insertion& insertion) {
    if (insertion.leaf != nullptr) close_leaf(insertion.leaf);
    insertion.leaf = nullptr;
    table_close(insertion.events, NoLock);
    insertion.events = nullptr;
}

}  // namespace eventlog::store
