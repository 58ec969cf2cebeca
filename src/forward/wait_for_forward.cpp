#include "forward/wait_for_forward.h"

#include "feed/piece_rows.h"
#include "forward/option_list.h"
#include "forward/options.h"
#include "forward/target_store.h"
#include "logs/events.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "pg/statement.h"
#include "pg/wait_event.h"
#include "runtime/shared_memory.h"
#include "store/catalog.h"

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::with;

constexpr long kFirstPauseMs = 1;
constexpr long kLongestPauseMs = 20;

// An event is settled if its window is used up, or if the position in its window has passed it. Events that
// the start of the first window sees, and ids up to start_after, are never sent.
pg::Statement<3> progress_of_event{R"(
SELECT s.srvoptions,
       pg_visible_in_snapshot($3, w.start_snapshot) OR coalesce($2 <= w.start_after, false),
       pg_visible_in_snapshot($3, w.from_snapshot)
           OR coalesce(p.win = w.win AND (p.done OR $2 <= p.last_id) AND pg_visible_in_snapshot($3, w.to_snapshot), false),
       d.event_id IS NOT NULL AND d.redriven_at IS NULL,
       d.redriven_at IS NOT NULL
FROM eventlog.targets t
JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server
JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name
LEFT JOIN eventlog.dead_letters d ON d.target = t.name AND d.event_id = $2
WHERE t.name = $1)",
                                   SPI_OK_SELECT,
                                   {TEXTOID, UUIDOID, XID8OID}};

struct LoggedEvent {
    bool found;
    std::string_view name;
    jsonb::Container metadata;
    uint64_t xid;
};

struct Progress {
    bool found;
    std::span<GivenOption> options;
    bool before_start;
    bool passed;
    bool dead;
    bool redriven;
};

const char* text_of(Datum uuid) {
    return DatumGetCString(DirectFunctionCall1(uuid_out, uuid));
}

// Reads one row with a new snapshot, whatever the isolation level. `read` runs in the caller's memory
// context.
template <typename Row, int N, typename Read>
Row read_now(pg::Statement<N>& statement, const std::array<Datum, N>& values, Read read) {
    MemoryContext caller = CurrentMemoryContext;
    Row row{};
    PushActiveSnapshot(GetLatestSnapshot());
    SPI_connect();
    statement.run(values);
    if (SPI_processed > 0) {
        MemoryContext spi = MemoryContextSwitchTo(caller);
        HeapTuple tuple = heap_copytuple(SPI_tuptable->vals[0]);
        TupleDesc columns = CreateTupleDescCopy(SPI_tuptable->tupdesc);
        auto* fields = static_cast<Datum*>(palloc(sizeof(Datum) * columns->natts));
        auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * columns->natts));
        heap_deform_tuple(tuple, columns, fields, nulls);
        row = read(fields, nulls);
        MemoryContextSwitchTo(spi);
    }
    SPI_finish();
    PopActiveSnapshot();
    return row;
}

// Stores a copy of the row in the event.
bool keep_event(void* event, const ids::Uuid&, TupleTableSlot* row) {
    Datum values[logs::kEventColumns];
    for (logs::EventColumn column : {logs::kEventName, logs::kMetadata, logs::kXid}) {
        bool null = false;
        const char* name = logs::kEventColumnDefinitions[column].name;
        values[column] = slot_getattr(row, get_attnum(store::catalog().table_of(logs::kEvents), name), &null);
    }
    *static_cast<LoggedEvent*>(event) = {
        true, pg::text_view(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[logs::kEventName]))),
        pg::jsonb_view(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[logs::kMetadata]))),
        U64FromFullTransactionId(DatumGetFullTransactionId(values[logs::kXid]))};
    return true;
}

LoggedEvent read_event(Datum event_id) {
    LoggedEvent event{};
    const ids::Uuid id = pg::uuid_of(event_id);
    PushActiveSnapshot(GetLatestSnapshot());
    feed::read_rows({&id, 1}, {keep_event, &event});
    PopActiveSnapshot();
    return event;
}

Progress read_progress(const Awaited& awaited, uint64_t xid) {
    Datum xid_datum = FullTransactionIdGetDatum(FullTransactionIdFromU64(xid));
    Progress progress =
        read_now<Progress, 3>(progress_of_event, {awaited.target, awaited.event_id, xid_datum},
                              [](const Datum* fields, const bool* nulls) {
                                  Progress read{};
                                  read.found = true;
                                  if (!nulls[0]) read.options = list_options(fields[0]);
                                  read.before_start = DatumGetBool(fields[1]);
                                  read.passed = DatumGetBool(fields[2]);
                                  read.dead = DatumGetBool(fields[3]);
                                  read.redriven = DatumGetBool(fields[4]);
                                  return read;
                              });
    if (!progress.found)
        pg::refuse<Rule::target_unknown>("target", with<"found">(pg::text_view(awaited.target)));
    return progress;
}

// Returns the event. Raises an error if it does not exist or if this transaction has written it.
LoggedEvent find_event(Datum event_id) {
    // An event that this very statement has logged must be visible too.
    CommandCounterIncrement();
    LoggedEvent event = read_event(event_id);
    if (!event.found) pg::refuse<Rule::event_unknown>("event_id", with<"found">(text_of(event_id)));
    uint64_t own_xid = U64FromFullTransactionId(GetTopFullTransactionIdIfAny());
    if (own_xid != 0 && event.xid == own_xid + store::catalog().xid_offset)
        pg::refuse<Rule::event_uncommitted>("event_id", with<"found">(text_of(event_id)));
    return event;
}

// Returns whether the target's definition selects the event.
bool selects(const Progress& progress, const LoggedEvent& event) {
    TargetOptions options;
    for (const GivenOption& option : progress.options)
        set_option(options, OptionHome::server, option.name, option.value);
    (void)complete(options, default_events());
    event::StoredRow row;
    row.event_name = event.name;
    row.metadata = event.metadata;
    return options.events.selects(row);
}

template <Rule rule>
[[noreturn]] void refuse_unselected(const Awaited& awaited) {
    pg::call([&] {
        pg::refuse<rule>("target", with<"target">(pg::text_view(awaited.target)),
                         with<"found">(text_of(awaited.event_id)));
    });
    pg_unreachable();
}

void require_forwarder() {
    if (!runtime::is_preloaded()) pg::refuse<Rule::preload_required_to_forward>({});
}

// Sleeps for `pause_ms`, but not beyond the deadline. Returns false if the deadline has passed.
bool pause(const Awaited& awaited, long pause_ms) {
    TimestampTz now = GetCurrentTimestamp();
    if (now >= awaited.deadline) return false;
    long left_ms = std::max(TimestampDifferenceMilliseconds(now, awaited.deadline), 1L);
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, std::min(pause_ms, left_ms),
                    pg::wait_event(pg::Wait::wait_for_forward));
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return true;
}

// Polls until the event is settled or the deadline has passed. Returns false at the deadline, and if the
// event is a dead letter.
bool wait_until_settled(const Awaited& awaited, uint64_t xid, Progress& progress) {
    MemoryContext outer = CurrentMemoryContext;
    MemoryContext each = AllocSetContextCreate(outer, "eventlog wait_for_forward", ALLOCSET_SMALL_SIZES);
    bool in_time = true;
    long pause_ms = kFirstPauseMs;
    while (in_time && !progress.before_start && !progress.dead && (progress.redriven || !progress.passed)) {
        require_forwarder();
        in_time = pause(awaited, pause_ms);
        pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
        if (!in_time) break;
        MemoryContextReset(each);
        MemoryContextSwitchTo(each);
        progress = read_progress(awaited, xid);
        MemoryContextSwitchTo(outer);
    }
    MemoryContextDelete(each);
    return in_time && !progress.dead;
}

}  // namespace

bool wait_for_forward(const Awaited& awaited) {
    LoggedEvent event = pg::call([&] { return find_event(awaited.event_id); });
    Progress progress = pg::call([&] { return read_progress(awaited, event.xid); });
    if (!progress.before_start && !selects(progress, event))
        refuse_unselected<Rule::event_not_selected>(awaited);
    bool forwarded = pg::call([&] { return wait_until_settled(awaited, event.xid, progress); });
    // rewind_target may have moved the start meanwhile.
    if (progress.before_start) refuse_unselected<Rule::event_before_start>(awaited);
    return forwarded;
}

}  // namespace eventlog::forward
