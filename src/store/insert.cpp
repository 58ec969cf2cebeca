#include "store/insert.h"

#include "pg/clock.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/attached_code.h"
#include "store/leaf.h"
#include "store/leaves.h"
#include "store/maintenance.h"
#include "store/partitions.h"
#include "pg/owner_sql.h"

namespace eventlog::store {

namespace {

// The prepared INSERT of each log, indexed as log_tables(), and the table that it was prepared for.
struct InsertPlan {
    SPIPlanPtr plan;
    Oid table;
};
InsertPlan insert_plans[kMaxLogTables];

// Returns whether the table has exactly the columns that this library knows.
bool has_known_columns(const Insertion& insertion, Relation relation) {
    const auto known = insertion.log->columns;
    TupleDesc columns = RelationGetDescr(relation);
    if (columns->natts != static_cast<int>(known.size())) return false;
    if (columns->constr != nullptr && columns->constr->has_generated_stored) return false;
    for (size_t i = 0; i < known.size(); i++) {
        Form_pg_attribute column = TupleDescAttr(columns, static_cast<int>(i));
        if (column->attisdropped || column->atttypid != insertion.catalog.type_of(known[i]) ||
            strcmp(NameStr(column->attname), known[i].name) != 0)
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

bool needs_executor(const Insertion& insertion, Relation relation) {
    return relation->rd_rules != nullptr || relation->rd_rel->relforcerowsecurity ||
           has_insert_trigger(relation) || !has_known_columns(insertion, relation);
}

// Opens the partition for direct insertion. Returns null if it needs the executor.
Leaf* open_direct_leaf(const Insertion& insertion, Oid oid) {
    Relation relation = table_open(oid, RowExclusiveLock);
    // A table that is no longer a partition is left to the executor, too, which reports that.
    if (relation->rd_rel->relkind != RELKIND_RELATION || !relation->rd_rel->relispartition ||
        relation->rd_tableam != GetHeapamTableAmRoutine() || needs_executor(insertion, relation)) {
        table_close(relation, NoLock);
        return nullptr;
    }
    return open_leaf(relation, insertion.catalog.owner);
}

SPIPlanPtr prepare_insert(const Insertion& insertion) {
    const auto columns = insertion.log->columns;
    StringInfoData names;
    StringInfoData parameters;
    Oid types[kMaxColumns];
    initStringInfo(&names);
    initStringInfo(&parameters);
    for (size_t i = 0; i < columns.size(); i++) {
        types[i] = insertion.catalog.type_of(columns[i]);
        appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", columns[i].name);
        appendStringInfo(&parameters, "%s$%zu", i > 0 ? ", " : "", i + 1);
    }
    const char* sql = psprintf("INSERT INTO eventlog.%s (%s) VALUES (%s)", insertion.log->name, names.data,
                               parameters.data);
    SPIPlanPtr plan = SPI_prepare(sql, static_cast<int>(columns.size()), types);
    if (plan == nullptr) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
}

void insert_by_executor(const Insertion& insertion, Datum* values, const bool* nulls) {
    char null_marks[kMaxColumns];
    for (size_t i = 0; i < insertion.log->columns.size(); i++) null_marks[i] = nulls[i] ? 'n' : ' ';
    pg::OwnerSql saved = pg::begin_owner_sql(insertion.catalog.owner);
    InsertPlan& known = insert_plans[index_of(*insertion.log)];
    if (known.table != RelationGetRelid(insertion.table))
        known = {prepare_insert(insertion), RelationGetRelid(insertion.table)};
    int result = SPI_execute_plan(known.plan, values, null_marks, false, 0);
    if (result != SPI_OK_INSERT && result != SPI_OK_REWRITTEN)
        elog(ERROR, "eventlog: INSERT INTO eventlog.%s: %s", insertion.log->name,
             SPI_result_code_string(result));
    pg::end_owner_sql(saved);
}

void open_table(Insertion& insertion) {
    insertion.table = table_open(insertion.catalog.table_of(*insertion.log), RowExclusiveLock);
    require_own_code(insertion.table, insertion.catalog.owner);
}

// Returns the leaf for direct insertion, or null if the executor is needed.
Leaf* direct_leaf(Insertion& insertion, Oid leaf) {
    if (settings::insert_method != static_cast<int>(settings::InsertMethod::automatic)) return nullptr;
    if (insertion.leaf != nullptr && RelationGetRelid(insertion.leaf->relation) != leaf) {
        close_leaf(insertion.leaf);
        insertion.leaf = nullptr;
    }
    if (insertion.leaf == nullptr && !needs_executor(insertion, insertion.table)) {
        MemoryContext caller = MemoryContextSwitchTo(insertion.memory);
        insertion.leaf = open_direct_leaf(insertion, leaf);
        MemoryContextSwitchTo(caller);
    }
    return insertion.leaf;
}

}  // namespace

Insertion begin_insertion(const LogTable& log, int64_t unix_millis) {
    Insertion insertion{};
    insertion.log = &log;
    insertion.memory = CurrentMemoryContext;
    insertion.catalog = catalog();
    if (!insertion.catalog.adopted) {
        make_ready(unix_millis);
        insertion.catalog = catalog();
    }
    open_table(insertion);
    insertion.xid = FullTransactionIdFromU64(U64FromFullTransactionId(GetTopFullTransactionId()) +
                                             insertion.catalog.xid_offset);
    return insertion;
}

Oid partition_for(Insertion& insertion, const ids::Uuid& id) {
    Oid partition = leaf_of(*insertion.log, insertion.table, id);
    if (OidIsValid(partition)) return partition;
    make_room(insertion, ids::unix_millis_of(id));
    return leaf_of(*insertion.log, insertion.table, id);
}

bool enter(Oid partition) {
    Relation relation = table_open(partition, RowExclusiveLock);
    const bool open = !is_closed(relation);
    if (open) require_own_code_of_tree(relation, catalog().owner);
    table_close(relation, open ? NoLock : RowExclusiveLock);
    return open;
}

bool enter_partition(Insertion& insertion, const ids::Uuid& id) {
    Oid partition = partition_for(insertion, id);
    if (partition == insertion.entered && OidIsValid(partition)) return true;
    if (OidIsValid(partition) && !enter(partition)) {
        if (is_over(insertion.table, id, pg::unix_millis_now())) return false;
        make_room(insertion, ids::unix_millis_of(id));
        partition = leaf_of(*insertion.log, insertion.table, id);
        if (!enter(partition)) return false;
    }
    insertion.entered = partition;
    return true;
}

void insert_row(Insertion& insertion, Oid partition, Datum* values, const bool* nulls) {
    Leaf* direct = direct_leaf(insertion, partition);
    if (direct != nullptr)
        insert_into_leaf(direct, values, nulls);
    else
        insert_by_executor(insertion, values, nulls);
}

void make_room(Insertion& insertion, int64_t unix_millis) {
    end_insertion(insertion);
    make_ready(unix_millis);
    insertion.catalog = catalog();
    open_table(insertion);
}

void end_insertion(Insertion& insertion) {
    if (insertion.leaf != nullptr) close_leaf(insertion.leaf);
    insertion.leaf = nullptr;
    insertion.entered = InvalidOid;
    table_close(insertion.table, NoLock);
    insertion.table = nullptr;
}

}  // namespace eventlog::store
