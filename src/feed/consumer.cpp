#include "feed/consumer.h"

#include "feed/patterns.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "pg/statement.h"
#include "logs/events.h"
#include "store/catalog.h"
#include "store/internal_call.h"

namespace eventlog::feed {
namespace {

pg::Statement<1> consumer_of_name{R"(
SELECT c.events, w.win, w.from_snapshot::text, w.to_snapshot::text, w.start_after,
       CASE WHEN p.win = w.win THEN p.last_id END, p.win = w.win AND p.done,
       (SELECT min(l.leased_until) FROM eventlog.leases l WHERE l.consumer = c.name)
FROM eventlog.consumer_definitions c
JOIN eventlog.reader_window w ON w.kind = 'consumer' AND w.name = c.name
JOIN eventlog.reader_position p ON p.kind = 'consumer' AND p.name = c.name
WHERE c.name = $1)",
                                  SPI_OK_SELECT,
                                  {TEXTOID}};

pg::Statement<6> lease_insert{
    "INSERT INTO eventlog.leases (consumer, win, first_id, last_id, ids, leased_until)"
    " VALUES ($1, $2, $3, $4, $5, $6)",
    SPI_OK_INSERT,
    {TEXTOID, INT8OID, UUIDOID, UUIDOID, UUIDARRAYOID, TIMESTAMPTZOID}};

store::InternalCall<3> lease_of_ended{"lease_again($1, $2, $3)", {TEXTOID, INT4OID, TIMESTAMPTZOID}};

// A row of `consumer_of_name` as plain data.
struct Row {
    bool found;
    bool selects_all;
    std::span<std::string_view> patterns;
    follow::StoredCursor cursor;
    std::optional<TimestampTz> lease_ends;
};

Row read_row(std::string_view name) {
    Row row{};
    consumer_of_name.run({pg::text_datum(name)});
    if (SPI_processed == 0) return row;
    Datum values[8];
    bool nulls[8];
    heap_deform_tuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, values, nulls);
    row.found = true;
    row.selects_all = nulls[0];
    if (!nulls[0]) row.patterns = list_patterns(values[0]);
    row.cursor.window_number = DatumGetInt64(values[1]);
    row.cursor.from = pg::text_view(values[2]);
    if (!nulls[3]) row.cursor.to = pg::text_view(values[3]);
    if (!nulls[4]) row.cursor.start_after = pg::uuid_of(values[4]);
    if (!nulls[5]) row.cursor.last_id = pg::uuid_of(values[5]);
    row.cursor.done = DatumGetBool(values[6]);
    if (!nulls[7]) row.lease_ends = DatumGetTimestampTz(values[7]);
    return row;
}

// The result of `lease_of_ended`.
struct LeasedAgain {
    bool changed;
    std::span<ids::Uuid> ids;
};

LeasedAgain read_ids(std::string_view name, size_t max_rows, TimestampTz until) {
    lease_of_ended.run(
        {pg::text_datum(name), Int32GetDatum(static_cast<int32>(max_rows)), TimestampTzGetDatum(until)});
    bool null = false;
    Datum array = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
    if (null) return {};
    Datum* elements = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(array), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &elements, nullptr,
                      &count);
    auto* ids = static_cast<ids::Uuid*>(palloc(sizeof(ids::Uuid) * (count + 1)));
    for (int i = 0; i < count; i++) new (&ids[i]) ids::Uuid(pg::uuid_of(elements[i]));
    return {true, {ids, static_cast<size_t>(count)}};
}

// Two names with the same hash only wait for each other.
Oid lock_key(std::string_view name) {
    return hash_bytes(reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()));
}

}  // namespace

void lock_consumer(std::string_view name) {
    // The extension may have been dropped while the poll waited; the catalog reports that.
    (void)store::lock_extension(AccessShareLock);
    store::require_full_service();
    LockDatabaseObject(store::catalog().table_of(logs::kEvents), lock_key(name), 0, ExclusiveLock);
}

void unlock_consumer(std::string_view name) {
    UnlockDatabaseObject(store::catalog().table_of(logs::kEvents), lock_key(name), 0, ExclusiveLock);
}

Consumer load_consumer(std::string_view name) {
    Row row = pg::call([name] { return read_row(name); });
    if (!row.found)
        throw pg::error_of(
            rules::violation<rules::Rule::consumer_unknown>("name", rules::with<"found">(name)));
    Consumer consumer;
    consumer.name = name;
    if (!row.selects_all) consumer.events = read_patterns(row.patterns);
    consumer.cursor = follow::cursor_of(row.cursor);
    consumer.lease_ends = row.lease_ends;
    return consumer;
}

void store_lease(const Consumer& consumer, std::span<const ids::Uuid> ids, TimestampTz until) {
    pg::call([&] {
        lease_insert.run({pg::text_datum(consumer.name), Int64GetDatum(consumer.cursor.window_number),
                          pg::uuid_datum(ids.front()), pg::uuid_datum(ids.back()), pg::uuid_array_datum(ids),
                          TimestampTzGetDatum(until)});
    });
}

std::optional<std::vector<ids::Uuid>> lease_again(std::string_view name, size_t max_rows, TimestampTz until) {
    LeasedAgain leased = pg::call([&] { return read_ids(name, max_rows, until); });
    if (!leased.changed) return std::nullopt;
    return std::vector<ids::Uuid>(leased.ids.begin(), leased.ids.end());
}

}  // namespace eventlog::feed
