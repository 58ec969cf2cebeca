#include "pages/by_query.h"

#include "pg/datum.h"

namespace eventlog::pages {
namespace {

constexpr int kUnkeyedParameters = 5 + kFilters;

// The parameters are $1 to $5, followed by the filters in their order.
constexpr const char* kUnkeyedRows =
    "SELECT event_id, e FROM eventlog.events e WHERE event_id >= $1 AND event_id <= $2"
    " AND event_ts >= $3 AND (event_ts < $4 OR $4 = 'infinity')"
    " AND ($6 IS NULL OR trace_id = $6) AND ($7 IS NULL OR resource_id = $7)"
    " AND ($8 IS NULL OR actor_id = $8) AND ($9 IS NULL OR event_name = $9)"
    " AND ($10 IS NULL OR coalesce(event_type, event_name) = $10) AND ($11 IS NULL OR tenant_id = $11)"
    " AND ($12 IS NULL OR resource_type = $12) AND ($13 IS NULL OR actor_type = $13)"
    " AND ($14 IS NULL OR source = $14) ORDER BY event_id DESC LIMIT $5";
constexpr Oid kUnkeyedTypes[kUnkeyedParameters] = {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID,
                                                   TEXTOID, TEXTOID, TEXTOID,        TEXTOID,        TEXTOID,
                                                   UUIDOID, TEXTOID, TEXTOID,        TEXTOID};

constexpr const char* kRowsOfIds =
    "SELECT event_id, e FROM eventlog.events e WHERE event_id = ANY ($1)"
    " AND event_id >= $2 AND event_id <= $3 ORDER BY event_id DESC";
constexpr Oid kRowsOfIdsTypes[] = {UUIDARRAYOID, UUIDOID, UUIDOID};

// Runs a query of ids and whole rows. Returns the number of rows.
size_t run(const char* sql, std::span<const Oid> types, Datum* values, const char* nulls) {
    SPI_connect();
    int result = SPI_execute_with_args(sql, static_cast<int>(types.size()), const_cast<Oid*>(types.data()),
                                       values, nulls, true, 0);
    if (result != SPI_OK_SELECT) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(result));
    return SPI_processed;
}

ids::Uuid id_at(size_t place) {
    bool null = false;
    return pg::uuid_of(SPI_getbinval(SPI_tuptable->vals[place], SPI_tuptable->tupdesc, 1, &null));
}

// Returns a copy of the row in the memory of SPI's caller.
HeapTuple row_at(size_t place) {
    bool null = false;
    HeapTupleHeader whole =
        DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[place], SPI_tuptable->tupdesc, 2, &null));
    HeapTupleData row{};
    row.t_len = HeapTupleHeaderGetDatumLength(whole);
    row.t_data = whole;
    return SPI_copytuple(&row);
}

}  // namespace

size_t find_unkeyed(const Filters& filters, const ids::Uuid& from, const ids::Uuid& to,
                    std::span<HeapTuple> rows) {
    Datum values[kUnkeyedParameters] = {
        pg::uuid_datum(from), pg::uuid_datum(to), TimestampTzGetDatum(filters.from_ts),
        TimestampTzGetDatum(filters.to_ts), Int64GetDatum(static_cast<int64>(rows.size()))};
    char nulls[kUnkeyedParameters];
    std::fill_n(nulls, kUnkeyedParameters, ' ');
    for (int i = 0; i < kFilters; i++) {
        values[5 + i] = filters.columns[i].value;
        if (!filters.columns[i].given) nulls[5 + i] = 'n';
    }
    const size_t count = run(kUnkeyedRows, kUnkeyedTypes, values, nulls);
    for (size_t i = 0; i < count; i++) rows[i] = row_at(i);
    SPI_finish();
    return count;
}

void fetch_rows(std::span<const ids::Uuid> ids, std::span<HeapTuple> rows) {
    Datum values[] = {pg::uuid_array_datum(ids), pg::uuid_datum(ids.back()), pg::uuid_datum(ids.front())};
    const size_t count = run(kRowsOfIds, kRowsOfIdsTypes, values, nullptr);
    size_t place = 0;
    for (size_t i = 0; i < ids.size(); i++) {
        const bool visible = place < count && id_at(place) == ids[i];
        rows[i] = visible ? row_at(place++) : nullptr;
    }
    SPI_finish();
}

}  // namespace eventlog::pages
