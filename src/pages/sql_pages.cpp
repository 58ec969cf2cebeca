// eventlog.list_events and eventlog.find_events. The functions without "by_name" in their names are those of
// release 0.2.0, whose first argument is the source.
#include "pg/boundary.h"

#include "ids/ulid.h"
#include "pg/datum.h"
#include "pages/page.h"
#include "pages/json.h"
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

// Reports the cursor of a page that was cut. A set cannot hold a cursor, and the last row of a short page
// does not show it.
void report_cursor(const ids::Uuid& cursor) {
    char ulid[ids::kUlidLength + 1] = {};
    ids::format_ulid(cursor, ulid);
    ereport(NOTICE, errmsg("the page ends after %d examined rows", settings::page_scan_rows),
            errdetail("There may be more events before the cursor %s.", ulid),
            errhint("To get them, pass cursor => '%s'.", ulid));
}

MemoryContext enter_page_memory() {
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "eventlog page", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(memory);
    return memory;
}

void leave_page_memory(MemoryContext memory) {
    MemoryContextSwitchTo(MemoryContextGetParent(memory));
    MemoryContextDelete(memory);
}

Datum list_events(FunctionCallInfo fcinfo, First first) {
    PageRequest request = pg::call([fcinfo, first] { return read_request(fcinfo, first); });
    MemoryContext memory = pg::call([] { return enter_page_memory(); });
    Page page = find_page(request);
    Jsonb* json = json_of(page, MemoryContextGetParent(memory));
    pg::call([memory] { leave_page_memory(memory); });
    return PointerGetDatum(json);
}

Datum find_events(FunctionCallInfo fcinfo, First first) {
    auto* set = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    PageRequest request = pg::call([fcinfo, first] { return read_request(fcinfo, first); });
    MemoryContext memory = pg::call([] { return enter_page_memory(); });
    Page page = find_page(request);
    pg::call([&] {
        for (HeapTuple row : page.rows) tuplestore_puttuple(set->setResult, row);
        if (page.cut) report_cursor(*page.next);
        leave_page_memory(memory);
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
