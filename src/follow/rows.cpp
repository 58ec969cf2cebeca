#include "follow/rows.h"

#include "follow/leaf_query.h"
#include "logs/events.h"
#include "pg/clock.h"
#include "pg/datum.h"
#include "pg/statement.h"

namespace eventlog::follow {
namespace {

#define IN_WINDOW "((xid >= $1 AND xid < $2) OR xid = ANY ($3)) AND pg_visible_in_snapshot(xid, $4)"

pg::Statement<5> window_rows{"SELECT " EVENTLOG_EVENT_COLUMN_LIST " FROM eventlog.events WHERE " IN_WINDOW
                             " LIMIT $5",
                             SPI_OK_SELECT,
                             {XID8OID, XID8OID, XID8ARRAYOID, PG_SNAPSHOTOID, INT8OID}};
pg::Statement<2> rows_in_order{"SELECT " EVENTLOG_EVENT_COLUMN_LIST
                               " FROM eventlog.events WHERE event_id > $1 ORDER BY event_id LIMIT $2",
                               SPI_OK_SELECT,
                               {UUIDOID, INT8OID}};
pg::Statement<1> rows_by_id{"SELECT " EVENTLOG_EVENT_COLUMN_LIST
                            " FROM eventlog.events WHERE event_id = ANY ($1) ORDER BY event_id",
                            SPI_OK_SELECT,
                            {UUIDARRAYOID}};
// The materialization keeps the planner from walking the primary key from `after` in the hope of an early
// hit.
pg::Statement<5> first_row{
    "WITH behind AS MATERIALIZED (SELECT event_id FROM eventlog.events WHERE " IN_WINDOW
    " AND event_id > $5) SELECT event_id FROM behind ORDER BY event_id LIMIT 1",
    SPI_OK_SELECT,
    {XID8OID, XID8OID, XID8ARRAYOID, PG_SNAPSHOTOID, UUIDOID}};

// The same queries on one partition.
LeafQuery leaf_window_rows{"SELECT " EVENTLOG_EVENT_COLUMN_LIST " FROM %s WHERE " IN_WINDOW " LIMIT $5",
                           5,
                           {XID8OID, XID8OID, XID8ARRAYOID, PG_SNAPSHOTOID, INT8OID}};
LeafQuery leaf_rows_in_order{"SELECT " EVENTLOG_EVENT_COLUMN_LIST
                             " FROM %s WHERE event_id > $1 ORDER BY event_id LIMIT $2",
                             2,
                             {UUIDOID, INT8OID}};
LeafQuery leaf_rows_by_id{"SELECT " EVENTLOG_EVENT_COLUMN_LIST
                          " FROM %s WHERE event_id = ANY ($1) ORDER BY event_id",
                          1,
                          {UUIDARRAYOID}};
LeafQuery leaf_first_row{"WITH behind AS MATERIALIZED (SELECT event_id FROM %s WHERE " IN_WINDOW
                         " AND event_id > $5) SELECT event_id FROM behind ORDER BY event_id LIMIT 1",
                         5,
                         {XID8OID, XID8OID, XID8ARRAYOID, PG_SNAPSHOTOID, UUIDOID}};

Datum xid_datum(uint64_t xid) {
    return FullTransactionIdGetDatum(FullTransactionIdFromU64(xid));
}

Datum xid_array(const std::vector<uint64_t>& xids) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (xids.size() + 1)));
    for (size_t i = 0; i < xids.size(); i++) values[i] = xid_datum(xids[i]);
    return PointerGetDatum(construct_array(values, static_cast<int>(xids.size()), XID8OID,
                                           sizeof(FullTransactionId), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

// The parameters $1 to $4 of IN_WINDOW, and one more.
std::array<Datum, 5> window_parameters(const WindowBounds& bounds, const char* to, Datum last) {
    return {xid_datum(bounds.range_from), xid_datum(bounds.range_to), xid_array(bounds.late),
            OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(to)), last};
}

// The partitions that a query needs, or nothing if it has to be run on the whole log.
struct Leaves {
    bool usable;
    std::span<const store::LogPartition> partitions;
};

template <typename Wanted>
Leaves leaves_where(Wanted wanted) {
    Relation events = open_events();
    std::span<const store::LogPartition> chosen = store::partitions_where(
        logs::kEvents, events, [&](const store::LogPartition& p) { return p.is_default || wanted(p); });
    const bool usable = may_query_leaves(events, chosen);
    close_events(events);
    return {usable, chosen};
}

bool reaches_beyond(const store::LogPartition& partition, const ids::Uuid& id) {
    return !partition.to || *partition.to > id;
}

// The results of several queries.
struct Results {
    SPITupleTable** tables;
    size_t count = 0;
    size_t rows = 0;

    explicit Results(size_t most)
        : tables(static_cast<SPITupleTable**>(palloc(sizeof(SPITupleTable*) * (most + 1)))) {}

    void take() {
        rows += SPI_tuptable->numvals;
        tables[count++] = SPI_tuptable;
    }

    std::span<ReadRow> all() const {
        auto* read = static_cast<ReadRow*>(palloc(sizeof(ReadRow) * (rows + 1)));
        size_t place = 0;
        for (size_t t = 0; t < count; t++)
            for (uint64 i = 0; i < tables[t]->numvals; i++)
                new (&read[place++]) ReadRow(read_row(tables[t]->vals[i], tables[t]->tupdesc));
        return {read, rows};
    }
};

std::span<ReadRow> result_rows() {
    SPITupleTable* table = SPI_tuptable;
    auto* rows = static_cast<ReadRow*>(palloc(sizeof(ReadRow) * (table->numvals + 1)));
    for (uint64 i = 0; i < table->numvals; i++)
        new (&rows[i]) ReadRow(read_row(table->vals[i], table->tupdesc));
    return {rows, static_cast<size_t>(table->numvals)};
}

}  // namespace

ReadRow read_row(HeapTuple tuple, TupleDesc columns) {
    Datum values[logs::kEventColumns];
    bool nulls[logs::kEventColumns];
    heap_deform_tuple(tuple, columns, values, nulls);
    return {logs::event_of(values, nulls),
            U64FromFullTransactionId(DatumGetFullTransactionId(values[logs::kXid]))};
}

std::span<ReadRow> rows_of_window(const WindowBounds& bounds, const char* to, size_t limit) {
    std::array<Datum, 5> parameters = window_parameters(bounds, to, Int64GetDatum(static_cast<int64>(limit)));
    Leaves leaves = leaves_where([&](const store::LogPartition& p) { return may_hold(p, bounds); });
    if (!leaves.usable) {
        window_rows.run(parameters);
        return result_rows();
    }
    Results results(leaves.partitions.size());
    for (const store::LogPartition& partition : leaves.partitions) {
        if (results.rows >= limit) break;
        if (!lock_unless_empty(partition.oid)) continue;
        parameters[4] = Int64GetDatum(static_cast<int64>(limit - results.rows));
        leaf_window_rows.run(partition.oid, parameters.data());
        results.take();
    }
    return results.all();
}

std::span<ReadRow> rows_behind(const WindowBounds& bounds, const ids::Uuid& after, size_t limit) {
    Datum parameters[2] = {pg::uuid_datum(after), Int64GetDatum(static_cast<int64>(limit))};
    Leaves leaves = leaves_where(
        [&](const store::LogPartition& p) { return reaches_beyond(p, after) && may_hold(p, bounds); });
    if (!leaves.usable) {
        rows_in_order.run({parameters[0], parameters[1]});
        return result_rows();
    }
    Results results(leaves.partitions.size());
    for (const store::LogPartition& partition : leaves.partitions) {
        if (results.rows >= limit) break;
        if (!lock_unless_empty(partition.oid)) continue;
        parameters[1] = Int64GetDatum(static_cast<int64>(limit - results.rows));
        leaf_rows_in_order.run(partition.oid, parameters);
        results.take();
    }
    return results.all();
}

std::span<ReadRow> rows_of_ids(std::span<const ids::Uuid> ids) {
    auto* sorted = static_cast<ids::Uuid*>(palloc(sizeof(ids::Uuid) * (ids.size() + 1)));
    ids::Uuid* end = std::copy(ids.begin(), ids.end(), sorted);
    std::sort(sorted, end);
    auto ids_of = [sorted, end](const store::LogPartition& p) {
        ids::Uuid* first = std::lower_bound(sorted, end, p.from);
        return std::span<const ids::Uuid>(first, p.to ? std::lower_bound(first, end, *p.to) : end);
    };
    Leaves leaves = leaves_where([&](const store::LogPartition& p) { return !ids_of(p).empty(); });
    if (!leaves.usable) {
        rows_by_id.run({pg::uuid_array_datum(ids)});
        return result_rows();
    }
    Results results(leaves.partitions.size());
    for (const store::LogPartition& partition : leaves.partitions) {
        if (!lock_unless_empty(partition.oid)) continue;
        Datum some = pg::uuid_array_datum(ids_of(partition));
        leaf_rows_by_id.run(partition.oid, &some);
        results.take();
    }
    return results.all();
}

bool first_of_window(const WindowBounds& bounds, const char* to, const ids::Uuid& after, ids::Uuid& id) {
    std::array<Datum, 5> parameters = window_parameters(bounds, to, pg::uuid_datum(after));
    Leaves leaves = leaves_where(
        [&](const store::LogPartition& p) { return reaches_beyond(p, after) && may_hold(p, bounds); });
    bool found = false;
    if (!leaves.usable) {
        first_row.run(parameters);
        found = SPI_processed > 0;
    } else {
        for (const store::LogPartition& partition : leaves.partitions) {
            if (!lock_unless_empty(partition.oid)) continue;
            leaf_first_row.run(partition.oid, parameters.data());
            found = SPI_processed > 0;
            if (found) break;
        }
    }
    if (!found) return false;
    bool null = false;
    id = pg::uuid_of(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
    return true;
}

}  // namespace eventlog::follow
