#include "follow/rows.h"

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
    window_rows.run(window_parameters(bounds, to, Int64GetDatum(static_cast<int64>(limit))));
    return result_rows();
}

std::span<ReadRow> rows_behind(const ids::Uuid& after, size_t limit) {
    rows_in_order.run({pg::uuid_datum(after), Int64GetDatum(static_cast<int64>(limit))});
    return result_rows();
}

std::span<ReadRow> rows_of_ids(std::span<const ids::Uuid> ids) {
    rows_by_id.run({pg::uuid_array_datum(ids)});
    return result_rows();
}

bool first_of_window(const WindowBounds& bounds, const char* to, const ids::Uuid& after, ids::Uuid& id) {
    first_row.run(window_parameters(bounds, to, pg::uuid_datum(after)));
    if (SPI_processed == 0) return false;
    bool null = false;
    id = pg::uuid_of(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
    return true;
}

}  // namespace eventlog::follow
