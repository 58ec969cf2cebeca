// eventlog.list_events and eventlog.find_events. The functions without "by_name" in their names are those of
// release 0.2.0, whose first argument is the source.
#include "pg/boundary.h"

#include "ids/ulid.h"
#include "pg/datum.h"
#include "pg/statement.h"
#include "pages/page.h"
#include "pages/json.h"
#include "follow/rows.h"
#include "settings.h"

namespace eventlog::pages {
namespace {

using rules::Rule;
using rules::with;

// The arguments, in the order of the SQL functions.
enum Argument {
    kEventName,
    kSource,
    kEventType,
    kActorType,
    kActorId,
    kResourceType,
    kResourceId,
    kTraceId,
    kTenantId,
    kFromTs,
    kToTs,
    kMaxRows,
    kCursor,
};

// The arguments in the order of kFilterColumns.
constexpr Argument kFilterArguments[kFilters] = {
    kTraceId, kResourceId, kActorId, kEventName, kEventType, kTenantId, kResourceType, kActorType, kSource,
};

constexpr int32 kDefaultRows = 50;
constexpr int32 kMaxPageRows = 100;

pg::Statement<3> whole_rows{
    "SELECT event_id, e FROM eventlog.events e WHERE event_id = ANY ($1)"
    " AND event_id >= $2 AND event_id <= $3 ORDER BY event_id DESC",
    SPI_OK_SELECT,
    {UUIDARRAYOID, UUIDOID, UUIDOID}};

void fetch_whole_rows(std::span<const ids::Uuid> ids, const ids::Uuid& from, const ids::Uuid& to) {
    whole_rows.run({pg::uuid_array_datum(ids), pg::uuid_datum(from), pg::uuid_datum(to)});
}

size_t read_max_rows(FunctionCallInfo fcinfo) {
    int32 rows = PG_ARGISNULL(kMaxRows) ? kDefaultRows : PG_GETARG_INT32(kMaxRows);
    if (rows < 1 || rows > kMaxPageRows)
        pg::refuse<Rule::max_rows_range>("max_rows", with<"least">(1), with<"most">(kMaxPageRows),
                                         with<"found">(rows));
    return static_cast<size_t>(rows);
}

std::optional<ids::Uuid> read_cursor(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(kCursor)) return std::nullopt;
    std::string_view text = pg::text_view(PG_GETARG_DATUM(kCursor));
    std::optional<ids::Uuid> cursor = ids::parse_ulid(text);
    if (!cursor) pg::refuse<Rule::cursor_format>("cursor", with<"found">(text));
    return cursor;
}

enum class First : uint8_t { event_name, source };

// Returns the place of an argument in the call.
int place_of(Argument argument, First first) {
    if (first == First::event_name) return argument;
    return argument == kSource ? kEventName : argument == kEventName ? kSource : argument;
}

PageRequest read_request(FunctionCallInfo fcinfo, First first) {
    PageRequest request{{}, read_max_rows(fcinfo), read_cursor(fcinfo)};
    for (int i = 0; i < kFilters; i++) {
        Argument argument = kFilterArguments[i];
        const int place = place_of(argument, first);
        if (PG_ARGISNULL(place)) continue;
        Datum value = PG_GETARG_DATUM(place);
        request.filters.columns[i] = argument == kTenantId ? uuid_filter(value) : text_filter(value);
    }
    if (!PG_ARGISNULL(kFromTs)) request.filters.from_ts = PG_GETARG_TIMESTAMPTZ(kFromTs);
    if (!PG_ARGISNULL(kToTs)) request.filters.to_ts = PG_GETARG_TIMESTAMPTZ(kToTs);
    return request;
}

void put_rows(const Page& page, ReturnSetInfo* set) {
    for (HeapTuple row : page.rows) {
        bool null = false;
        HeapTupleHeader whole = DatumGetHeapTupleHeader(heap_getattr(row, 2, page.columns, &null));
        HeapTupleData tuple{};
        tuple.t_len = HeapTupleHeaderGetDatumLength(whole);
        tuple.t_data = whole;
        tuplestore_puttuple(set->setResult, &tuple);
    }
}

// Reports the cursor of a page that was cut. A set cannot hold a cursor, and the last row of a short page
// does not show it.
void report_cursor(const ids::Uuid& cursor) {
    char ulid[ids::kUlidLength + 1] = {};
    ids::format_ulid(cursor, ulid);
    ereport(NOTICE, errmsg("the page ends after %d examined rows", settings::page_scan_rows),
            errdetail("There may be more events before the cursor %s.", ulid),
            errhint("To get them, pass cursor => '%s'.", ulid));
}

Datum list_events(FunctionCallInfo fcinfo, First first) {
    PageRequest request = pg::call([fcinfo, first] { return read_request(fcinfo, first); });
    MemoryContext result = CurrentMemoryContext;
    pg::call([] { SPI_connect(); });
    Page page = find_page(request, follow::fetch_page_rows);
    Jsonb* json = json_of(page, result);
    pg::call([] { SPI_finish(); });
    return PointerGetDatum(json);
}

Datum find_events(FunctionCallInfo fcinfo, First first) {
    auto* set = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    PageRequest request = pg::call([fcinfo, first] { return read_request(fcinfo, first); });
    pg::call([] { SPI_connect(); });
    Page page = find_page(request, fetch_whole_rows);
    pg::call([&] {
        put_rows(page, set);
        if (page.cut) report_cursor(*page.next);
        SPI_finish();
    });
    return (Datum)0;
}

}  // namespace
}  // namespace eventlog::pages

using namespace eventlog;

EVENTLOG_FUNCTION(eventlog_list_events_by_name) {
    return pages::list_events(fcinfo, pages::First::event_name);
}

EVENTLOG_FUNCTION(eventlog_find_events_by_name) {
    return pages::find_events(fcinfo, pages::First::event_name);
}

EVENTLOG_FUNCTION(eventlog_list_events) {
    return pages::list_events(fcinfo, pages::First::source);
}

EVENTLOG_FUNCTION(eventlog_find_events) {
    return pages::find_events(fcinfo, pages::First::source);
}
