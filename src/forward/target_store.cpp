#include "forward/target_store.h"

#include "forward/option_list.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "pg/statement.h"
#include "follow/rows.h"
#include "forward/quotations.h"
#include "store/catalog.h"
#include "store/internal_call.h"

namespace eventlog::forward {
namespace {

// The user mapping of the server's owner counts, otherwise that of PUBLIC.
pg::Statement<0> declarations{R"(
SELECT t.name, s.oid, s.srvoptions,
       (SELECT m.umoptions FROM pg_catalog.pg_user_mapping m
        WHERE m.umserver = s.oid AND m.umuser IN (s.srvowner, 0) ORDER BY m.umuser DESC LIMIT 1),
       t.paused OR t.incarnation IS DISTINCT FROM c.incarnation,
       t.state <> 'running',
       w.win, w.from_snapshot::text, w.to_snapshot::text, w.start_after,
       CASE WHEN p.win = w.win THEN p.last_id END,
       p.win = w.win AND p.done,
       o.rolsuper, o.rolname::text,
       EXISTS (SELECT FROM eventlog.dead_letters d WHERE d.target = t.name AND d.redriven_at IS NOT NULL)
FROM eventlog.targets t
JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server AND s.srvname = t.name
JOIN pg_catalog.pg_roles o ON o.oid = s.srvowner
JOIN eventlog.reader_window w ON w.kind = 'target' AND w.name = t.name
JOIN eventlog.reader_position p ON p.kind = 'target' AND p.name = t.name
CROSS JOIN eventlog.cluster c
ORDER BY t.name)",
                              SPI_OK_SELECT};

pg::Statement<1> declaration_of_name{R"(
SELECT t.name, s.oid, s.srvoptions,
       (SELECT m.umoptions FROM pg_catalog.pg_user_mapping m
        WHERE m.umserver = s.oid AND m.umuser IN (s.srvowner, 0) ORDER BY m.umuser DESC LIMIT 1),
       o.rolsuper, o.rolname::text
FROM eventlog.targets t
JOIN pg_catalog.pg_foreign_server s ON s.oid = t.server AND s.srvname = t.name
JOIN pg_catalog.pg_roles o ON o.oid = s.srvowner
WHERE t.name = $1)",
                                     SPI_OK_SELECT,
                                     {TEXTOID}};

pg::Statement<0> orphans{R"(
SELECT s.srvname::text
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'eventlog'
WHERE NOT EXISTS (SELECT FROM eventlog.targets t WHERE t.server = s.oid))",
                         SPI_OK_SELECT};

store::InternalCall<1> target_creation{"create_target($1, 'now'::text)", {TEXTOID}};

pg::Statement<4> state_update{R"(
UPDATE eventlog.targets
SET state = $2, last_error = $3, last_error_at = pg_catalog.clock_timestamp(),
    next_attempt_at = pg_catalog.clock_timestamp() + $4 * interval '1 millisecond', retried = retried + 1
WHERE name = $1)",
                              SPI_OK_UPDATE,
                              {TEXTOID, TEXTOID, TEXTOID, INT8OID}};

pg::Statement<1> running_update{
    "UPDATE eventlog.targets SET state = 'running', next_attempt_at = NULL WHERE name = $1",
    SPI_OK_UPDATE,
    {TEXTOID}};

pg::Statement<3> left_out_update{R"(
UPDATE eventlog.targets
SET left_out = left_out + $2, last_error = $3, last_error_at = pg_catalog.clock_timestamp()
WHERE name = $1)",
                                 SPI_OK_UPDATE,
                                 {TEXTOID, INT8OID, TEXTOID}};

// Decides whether the endpoint's answer about the event $2 may be stored, since it may quote the event. It
// may not if the event has been erased, or if it is locked by a session that is about to erase it. A session
// that erases the event later waits for this transaction, and then finds the dead letter.
#define MAY_QUOTE                                                                        \
    "WITH quotable AS MATERIALIZED (SELECT FROM eventlog.events e WHERE e.event_id = $2" \
    " AND NOT e.metadata -> '_eventLog' ? '" EVENTLOG_ERASED_MARK                        \
    "' FOR SHARE SKIP LOCKED),"                                                          \
    " may AS (SELECT EXISTS (SELECT FROM quotable)"                                      \
    " OR NOT EXISTS (SELECT FROM eventlog.events e WHERE e.event_id = $2) AS quote)"
#define QUOTED_REASON "CASE WHEN may.quote THEN $4 ELSE '" EVENTLOG_ERASED_REASON "' END"
#define QUOTED_BODY "CASE WHEN may.quote THEN $5 END"

pg::Statement<7> dead_letter_insert{MAY_QUOTE R"(
INSERT INTO eventlog.dead_letters AS d (target, event_id, status, reason, body, attempts, first_attempt_at, last_attempt_at)
SELECT $1, $2, $3, )" QUOTED_REASON ", " QUOTED_BODY R"(, $6, $7, pg_catalog.clock_timestamp() FROM may
ON CONFLICT (target, event_id) DO UPDATE
SET status = excluded.status, reason = excluded.reason, body = excluded.body, attempts = d.attempts + excluded.attempts,
    last_attempt_at = excluded.last_attempt_at)",
                                    SPI_OK_INSERT,
                                    {TEXTOID, UUIDOID, INT4OID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID},
                                    true};

pg::Statement<2> dead_count{
    "UPDATE eventlog.targets SET dead = dead + $2 WHERE name = $1", SPI_OK_UPDATE, {TEXTOID, INT8OID}};

pg::Statement<2> redriven_ids{R"(
SELECT event_id FROM eventlog.dead_letters WHERE target = $1 AND redriven_at IS NOT NULL ORDER BY event_id LIMIT $2)",
                              SPI_OK_SELECT,
                              {TEXTOID, INT8OID}};

pg::Statement<2> redriven_delete{
    "DELETE FROM eventlog.dead_letters WHERE target = $1 AND event_id = ANY ($2)",
    SPI_OK_DELETE,
    {TEXTOID, UUIDARRAYOID}};

// With these bounds an empty table costs nothing, however many events there are.
pg::Statement<4> taken_delete{
    "DELETE FROM eventlog.dead_letters"
    " WHERE target = $1 AND event_id BETWEEN $2 AND $3 AND event_id = ANY ($4)",
    SPI_OK_DELETE,
    {TEXTOID, UUIDOID, UUIDOID, UUIDARRAYOID}};

pg::Statement<6> redriven_refusal{MAY_QUOTE R"(
UPDATE eventlog.dead_letters
SET status = $3, reason = )" QUOTED_REASON ", body = " QUOTED_BODY R"(, attempts = attempts + $6,
    last_attempt_at = pg_catalog.clock_timestamp(), redriven_at = NULL
FROM may WHERE target = $1 AND event_id = $2)",
                                  SPI_OK_UPDATE,
                                  {TEXTOID, UUIDOID, INT4OID, TEXTOID, TEXTOID, INT4OID},
                                  true};

pg::Statement<2> sent_count{R"(
UPDATE eventlog.reader_position SET delivered = delivered + $2 WHERE kind = 'target' AND name = $1)",
                            SPI_OK_UPDATE,
                            {TEXTOID, INT8OID}};

// Columns of a dead letter that describe the refusal. Without an answer, status and body are NULL.
struct Refusal {
    bool answered;
    Datum status;
    Datum reason;
    Datum body;
};

Refusal refusal_of(const RefusedEvent& event) {
    if (event.status == 0) return {false, (Datum)0, pg::text_datum(event.reason), (Datum)0};
    return {true, Int32GetDatum(static_cast<int32>(event.status)),
            CStringGetTextDatum(psprintf("the endpoint answered %ld", event.status)),
            pg::text_datum(event.reason)};
}

std::span<ids::Uuid> read_redriven(const std::string& target, size_t max_events) {
    redriven_ids.run({pg::text_datum(target), Int64GetDatum(static_cast<int64>(max_events))});
    auto* found = static_cast<ids::Uuid*>(palloc(sizeof(ids::Uuid) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; i++) {
        bool null = false;
        new (&found[i])
            ids::Uuid(pg::uuid_of(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null)));
    }
    return {found, static_cast<size_t>(SPI_processed)};
}

// A row of `declarations` as plain data.
struct Row {
    std::string_view name;
    Oid server;
    std::span<GivenOption> server_options;
    std::span<GivenOption> mapping_options;
    bool paused;
    bool shows_trouble;
    follow::StoredCursor cursor;
    bool owner_is_superuser;
    std::string_view owner;
    bool has_mapping;
    bool redrives;
};

Row read_row(HeapTuple tuple, TupleDesc columns) {
    Datum values[15];
    bool nulls[15];
    heap_deform_tuple(tuple, columns, values, nulls);
    Row row{};
    row.name = pg::text_view(values[0]);
    row.server = DatumGetObjectId(values[1]);
    if (!nulls[2]) row.server_options = list_options(values[2]);
    if (!nulls[3]) row.mapping_options = list_options(values[3]);
    row.paused = DatumGetBool(values[4]);
    row.shows_trouble = DatumGetBool(values[5]);
    row.cursor.window_number = DatumGetInt64(values[6]);
    row.cursor.from = pg::text_view(values[7]);
    if (!nulls[8]) row.cursor.to = pg::text_view(values[8]);
    if (!nulls[9]) row.cursor.start_after = pg::uuid_of(values[9]);
    if (!nulls[10]) row.cursor.last_id = pg::uuid_of(values[10]);
    row.cursor.done = DatumGetBool(values[11]);
    row.owner_is_superuser = DatumGetBool(values[12]);
    row.owner = pg::text_view(values[13]);
    row.redrives = DatumGetBool(values[14]);
    row.has_mapping = !nulls[3];
    return row;
}

std::span<Row> read_rows() {
    declarations.run({});
    auto* rows = static_cast<Row*>(palloc(sizeof(Row) * (SPI_processed + 1)));
    for (uint64 i = 0; i < SPI_processed; i++)
        new (&rows[i]) Row(read_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc));
    return {rows, static_cast<size_t>(SPI_processed)};
}

// Why a target cannot run, for its status.
std::string unusable(const rules::Violation& broken) {
    std::string_view reason = broken.detail.empty() ? broken.message : broken.detail;
    if (reason.ends_with('.')) reason.remove_suffix(1);
    return "option \"" + broken.field + "\" cannot be used: " + std::string(reason);
}

void take_options(Declaration& declaration, std::span<GivenOption> given, OptionHome home,
                  bool owner_is_superuser) {
    for (const GivenOption& option : given) {
        auto broken = set_option(declaration.options, home, option.name, option.value);
        // Its owner could have what the server reads sent wherever he likes.
        if (home == OptionHome::user_mapping && reads_server(home, option.name) && !owner_is_superuser)
            broken = rules::violation<rules::Rule::option_owner>(option.name);
        if (broken) declaration.invalid = unusable(*broken);
    }
}

// Returns the declaration without its cursor and its states.
Declaration definition_of(const Row& row) {
    Declaration declaration;
    declaration.name = row.name;
    declaration.server = row.server;
    declaration.owner = row.owner;
    declaration.has_mapping = row.has_mapping;
    take_options(declaration, row.server_options, OptionHome::server, row.owner_is_superuser);
    take_options(declaration, row.mapping_options, OptionHome::user_mapping, row.owner_is_superuser);
    if (auto broken = complete(declaration.options, default_events()); broken && declaration.invalid.empty())
        declaration.invalid = unusable(*broken);
    return declaration;
}

Declaration declaration_of(const Row& row) {
    Declaration declaration = definition_of(row);
    declaration.paused = row.paused;
    declaration.shows_trouble = row.shows_trouble;
    declaration.redrives = row.redrives;
    declaration.cursor = follow::cursor_of(row.cursor);
    return declaration;
}

}  // namespace

std::string missing_key(const Declaration& declaration) {
    const TargetOptions& options = declaration.options;
    if (options.key_source != KeySource::none || !options.secret_headers.empty()) return {};
    if (declaration.has_mapping) return "; no key was sent, because the user mapping has none";
    return "; no key was sent, because there is no user mapping for \"" + declaration.owner +
           "\", who owns the server, nor for PUBLIC";
}

DefaultEvents default_events() {
    return pg::call([] { return store::is_of_release("0.3.0"); }) ? DefaultEvents::of_format
                                                                  : DefaultEvents::flagged;
}

std::optional<Declaration> load_declaration(const std::string& target) {
    Row row{};
    const bool found = pg::call([&] {
        declaration_of_name.run({pg::text_datum(target)});
        if (SPI_processed == 0) return false;
        Datum values[6];
        bool nulls[6];
        heap_deform_tuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, values, nulls);
        row.name = pg::text_view(values[0]);
        row.server = DatumGetObjectId(values[1]);
        if (!nulls[2]) row.server_options = list_options(values[2]);
        row.has_mapping = !nulls[3];
        if (!nulls[3]) row.mapping_options = list_options(values[3]);
        row.owner_is_superuser = DatumGetBool(values[4]);
        row.owner = pg::text_view(values[5]);
        return true;
    });
    if (!found) return std::nullopt;
    return definition_of(row);
}

std::vector<Declaration> load_declarations() {
    std::span<Row> rows = pg::call([] { return read_rows(); });
    std::vector<Declaration> found;
    for (const Row& row : rows) found.push_back(declaration_of(row));
    return found;
}

void adopt_orphan_servers() {
    pg::call([] {
        orphans.run({});
        const SPITupleTable* found = SPI_tuptable;
        const uint64 count = SPI_processed;
        for (uint64 i = 0; i < count; i++) {
            bool null = false;
            target_creation.run({SPI_getbinval(found->vals[i], found->tupdesc, 1, &null)});
        }
    });
}

void record_state(const std::string& target, TargetState state, const std::string& error,
                  int64_t next_attempt_in_ms) {
    pg::call([&] {
        state_update.run({pg::text_datum(target), CStringGetTextDatum(name_of(state)), pg::text_datum(error),
                          Int64GetDatum(next_attempt_in_ms)});
    });
}

void record_running(const std::string& target) {
    pg::call([&] { running_update.run({pg::text_datum(target)}); });
}

void record_left_out(const std::string& target, uint64_t events, const std::string& why) {
    pg::call([&] {
        left_out_update.run(
            {pg::text_datum(target), Int64GetDatum(static_cast<int64>(events)), pg::text_datum(why)});
    });
}

void store_dead_letters(const std::string& target, const std::vector<RefusedEvent>& refused,
                        TimestampTz first_attempt) {
    if (refused.empty()) return;
    pg::call([&] {
        for (const RefusedEvent& event : refused) {
            Refusal refusal = refusal_of(event);
            dead_letter_insert.run(
                {pg::text_datum(target), pg::uuid_datum(event.event_id), refusal.status, refusal.reason,
                 refusal.body, Int32GetDatum(event.attempts), TimestampTzGetDatum(first_attempt)},
                refusal.answered ? nullptr : "  n n  ");
        }
        dead_count.run({pg::text_datum(target), Int64GetDatum(static_cast<int64>(refused.size()))});
    });
}

void remove_dead_letters(const std::string& target, const std::vector<ids::Uuid>& taken) {
    if (taken.empty()) return;
    pg::call([&] {
        taken_delete.run({pg::text_datum(target), pg::uuid_datum(taken.front()), pg::uuid_datum(taken.back()),
                          pg::uuid_array_datum(taken)});
    });
}

Redriven claim_redriven(const std::string& target, size_t max_events) {
    std::span<ids::Uuid> wanted = pg::call([&] { return read_redriven(target, max_events); });
    Redriven claimed;
    if (wanted.empty()) return claimed;
    std::span<follow::ReadRow> found = pg::call([wanted] { return follow::rows_of_ids(wanted); });
    for (const follow::ReadRow& row : found) claimed.rows.push_back(row.row);
    for (const ids::Uuid& id : wanted)
        if (std::none_of(found.begin(), found.end(),
                         [&id](const follow::ReadRow& row) { return row.row.event_id == id; }))
            claimed.gone.push_back(id);
    return claimed;
}

void settle_redriven(const std::string& target, const std::vector<ids::Uuid>& accepted,
                     const std::vector<RefusedEvent>& refused) {
    pg::call([&] {
        if (!accepted.empty()) {
            redriven_delete.run({pg::text_datum(target), pg::uuid_array_datum(accepted)});
            sent_count.run({pg::text_datum(target), Int64GetDatum(static_cast<int64>(accepted.size()))});
        }
        for (const RefusedEvent& event : refused) {
            Refusal refusal = refusal_of(event);
            redriven_refusal.run({pg::text_datum(target), pg::uuid_datum(event.event_id), refusal.status,
                                  refusal.reason, refusal.body, Int32GetDatum(event.attempts)},
                                 refusal.answered ? nullptr : "  n n ");
        }
    });
}

}  // namespace eventlog::forward
