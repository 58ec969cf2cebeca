#include "follow/window.h"

#include "pg/boundary.h"
#include "pg/datum.h"
#include "pg/statement.h"
#include "follow/horizon.h"
#include "follow/rows.h"

namespace eventlog::follow {
namespace {

constexpr size_t kLargestChunk = 5000;
constexpr ids::Uuid kNoId{};

pg::Statement<5> window_update{
    "UPDATE eventlog.reader_window SET win = win + 1, from_snapshot = $4, to_snapshot = $5,"
    " opened_at = CASE WHEN $5 IS NOT NULL THEN pg_catalog.clock_timestamp() END WHERE kind = $1 AND name = "
    "$2 AND win = $3",
    SPI_OK_UPDATE,
    {TEXTOID, TEXTOID, INT8OID, PG_SNAPSHOTOID, PG_SNAPSHOTOID}};
pg::Statement<6> position_update{
    "UPDATE eventlog.reader_position p SET win = w.win, last_id = $4, done = $5, delivered = p.delivered + $6"
    " FROM eventlog.reader_window w"
    " WHERE p.kind = $1 AND p.name = $2 AND w.kind = p.kind AND w.name = p.name AND w.win = $3",
    SPI_OK_UPDATE,
    {TEXTOID, TEXTOID, INT8OID, UUIDOID, BOOLOID, INT8OID}};

bool in_window(const Cursor& cursor, uint64_t xid) {
    return cursor.to->sees(xid) && !cursor.from.sees(xid);
}

// Reads the open window behind the last id. If the window has few rows in a long stretch of others, the scan
// jumps to its next row. If it has many, the scan walks the primary key.
void scan_window(const Cursor& cursor, size_t max_rows, Piece& piece) {
    WindowBounds bounds = window_bounds(cursor.from, *cursor.to);
    std::string to_text = cursor.to->text();
    const char* to = to_text.c_str();
    ids::Uuid after = cursor.last_id.value_or(kNoId);
    if (cursor.start_after && after < *cursor.start_after) after = *cursor.start_after;
    size_t chunk = max_rows;
    bool jump = !cursor.last_id;
    while (piece.rows.size() < max_rows) {
        if (jump) {
            ids::Uuid first{};
            if (!pg::call([&] { return first_of_window(bounds, to, after, first); })) {
                piece.ends_window = true;
                return;
            }
            after = ids::predecessor(first);
        }
        std::span<ReadRow> read = pg::call([&] { return rows_behind(bounds, after, chunk); });
        size_t found = 0;
        for (const ReadRow& row : read) {
            if (piece.rows.size() == max_rows) return;
            after = row.row.event_id;
            if (!in_window(cursor, row.xid)) continue;
            piece.rows.push_back(row.row);
            found++;
        }
        if (read.size() < chunk) {
            piece.ends_window = true;
            return;
        }
        jump = found == 0;
        chunk = std::min(chunk * 2, kLargestChunk);
    }
}

// Looks for a window from the end of the last one to now. A small window is read whole.
void find_window(Cursor& cursor, size_t max_rows, Piece& piece) {
    Snapshot now = horizon();
    WindowBounds bounds = window_bounds(cursor.from, now);
    if (bounds.range_from >= bounds.range_to && bounds.late.empty()) return;
    std::string to_text = now.text();
    const char* to = to_text.c_str();
    std::span<ReadRow> read = pg::call([&] { return rows_of_window(bounds, to, max_rows + 1); });
    if (read.empty()) {
        cursor.from = std::move(now);
        return;
    }
    cursor.to = std::move(now);
    cursor.stored = cursor.settled = false;
    cursor.last_id.reset();
    if (read.size() > max_rows) {
        scan_window(cursor, max_rows, piece);
        return;
    }
    for (const ReadRow& row : read)
        if (!cursor.start_after || row.row.event_id > *cursor.start_after) piece.rows.push_back(row.row);
    std::sort(piece.rows.begin(), piece.rows.end(),
              [](const event::StoredRow& a, const event::StoredRow& b) { return a.event_id < b.event_id; });
    piece.ends_window = true;
}

Datum snapshot_datum(const char* text) {
    return OidFunctionCall1(F_PG_SNAPSHOT_IN, CStringGetDatum(text));
}

}  // namespace

Cursor cursor_of(const StoredCursor& stored) {
    Cursor cursor;
    cursor.window_number = stored.window_number;
    cursor.from = Snapshot::parse(stored.from).value();
    cursor.start_after = stored.start_after;
    if (stored.to.data() == nullptr) return cursor;
    Snapshot to = Snapshot::parse(stored.to).value();
    if (stored.done) {
        cursor.from = std::move(to);
        return cursor;
    }
    cursor.to = std::move(to);
    cursor.stored = true;
    cursor.last_id = stored.last_id;
    cursor.settled = stored.last_id.has_value();
    return cursor;
}

void Cursor::next_window() {
    from = std::move(to).value();
    to.reset();
    last_id.reset();
    stored = settled = false;
}

Piece next_piece(Cursor& cursor, size_t max_rows) {
    Piece piece;
    if (cursor.to)
        scan_window(cursor, max_rows, piece);
    else
        find_window(cursor, max_rows, piece);
    return piece;
}

bool store_window(const char* kind, const char* name, Cursor& cursor) {
    bool open = cursor.to.has_value();
    std::string from_text = cursor.from.text();
    std::string to_text = open ? cursor.to->text() : "";
    const char* from = from_text.c_str();
    const char* to = to_text.c_str();
    bool found = pg::call([&] {
        window_update.run(
            {CStringGetTextDatum(kind), CStringGetTextDatum(name), Int64GetDatum(cursor.window_number),
             snapshot_datum(from), open ? snapshot_datum(to) : (Datum)0},
            open ? nullptr : "    n");
        return SPI_processed == 1;
    });
    if (!found) return false;
    cursor.window_number++;
    cursor.stored = open;
    return true;
}

bool store_position(const char* kind, const char* name, const Cursor& cursor, const ids::Uuid& last_id,
                    bool done, int64_t delivered) {
    return pg::call([&] {
        position_update.run({CStringGetTextDatum(kind), CStringGetTextDatum(name),
                             Int64GetDatum(cursor.window_number), pg::uuid_datum(last_id), BoolGetDatum(done),
                             Int64GetDatum(delivered)});
        return SPI_processed == 1;
    });
}

}  // namespace eventlog::follow
