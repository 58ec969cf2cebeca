#include "pages/unkeyed.h"

#include "pg/datum.h"
#include "pg/statement.h"

namespace eventlog::pages {
namespace {

constexpr int kParameters = 5 + kFilters;

// The parameters are $1 to $5, followed by the filters in their order.
pg::Statement<kParameters> unkeyed_rows{
    "SELECT event_id FROM eventlog.events WHERE event_id >= $1 AND event_id <= $2"
    " AND event_ts >= $3 AND (event_ts < $4 OR $4 = 'infinity')"
    " AND ($6 IS NULL OR trace_id = $6) AND ($7 IS NULL OR resource_id = $7)"
    " AND ($8 IS NULL OR actor_id = $8) AND ($9 IS NULL OR event_name = $9)"
    " AND ($10 IS NULL OR coalesce(event_type, event_name) = $10) AND ($11 IS NULL OR tenant_id = $11)"
    " AND ($12 IS NULL OR resource_type = $12) AND ($13 IS NULL OR actor_type = $13)"
    " AND ($14 IS NULL OR source = $14) ORDER BY event_id DESC LIMIT $5",
    SPI_OK_SELECT,
    {UUIDOID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
     UUIDOID, TEXTOID, TEXTOID, TEXTOID}};

}  // namespace

size_t find_unkeyed(const Filters& filters, const ids::Uuid& from, const ids::Uuid& to,
                    std::span<ids::Uuid> ids) {
    std::array<Datum, kParameters> values{
        pg::uuid_datum(from), pg::uuid_datum(to), TimestampTzGetDatum(filters.from_ts),
        TimestampTzGetDatum(filters.to_ts), Int64GetDatum(static_cast<int64>(ids.size()))};
    char nulls[kParameters];
    std::fill_n(nulls, kParameters, ' ');
    for (int i = 0; i < kFilters; i++) {
        values[5 + i] = filters.columns[i].value;
        if (!filters.columns[i].given) nulls[5 + i] = 'n';
    }
    unkeyed_rows.run(values, nulls);
    size_t rows = SPI_processed;
    for (size_t i = 0; i < rows; i++) {
        bool null = false;
        ids[i] = pg::uuid_of(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));
    }
    SPI_freetuptable(SPI_tuptable);
    return rows;
}

}  // namespace eventlog::pages
