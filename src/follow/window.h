// Reading the log forward without missing a late commit: the one mechanism of every reader.
//
// A cursor is a pair of snapshots and a position. Its window is every row visible in `to` and not in `from`,
// read in id order in pieces; when it is used up, `from` becomes `to`. See README.md in this folder.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "follow/snapshot.h"

namespace eventlog::follow {

struct Cursor {
    int64_t window_number = 0;  // in eventlog.reader_window: the fence
    Snapshot from;
    std::optional<Snapshot> to;            // the open window's end; none between windows
    bool stored = false;                   // eventlog.reader_window has this window
    std::optional<ids::Uuid> last_id;      // last event read of the open window
    bool settled = false;                  // what is up to last_id has been settled, not just passed over
    std::optional<ids::Uuid> start_after;  // events up to this one are not read

    // The window is used up.
    void next_window();
};

// A cursor as its rows in eventlog.reader_window and eventlog.reader_position have it.
struct StoredCursor {
    int64_t window_number;
    std::string_view from;
    std::string_view to;  // without data: none
    std::optional<ids::Uuid> start_after;
    std::optional<ids::Uuid> last_id;  // this and `done` when the position is of this window
    bool done;
};

Cursor cursor_of(const StoredCursor& stored);

// A piece of a window, in id order. The rows live in the memory context of the read.
struct Piece {
    std::vector<event::StoredRow> rows;
    bool ends_window = false;  // nothing of the window is left behind the last row

    bool nothing() const { return rows.empty() && !ends_window; }
};

// Reads the next piece, `max_rows` at the most, opening a window where none is open: in memory only, as
// everything here that nobody has been told of. Between windows with nothing new, cursor.from moves up to
// now. In a transaction connected to SPI; throws pg::ServerError.
Piece next_piece(Cursor& cursor, size_t max_rows);

// Stores the cursor's window, or that it is between two; false when another reader has moved the cursor.
// Before anything of a window is delivered. Throws pg::ServerError.
bool store_window(const char* kind, const char* name, Cursor& cursor);

// Stores how far the stored window has been read; false when another reader has moved the cursor. Throws
// pg::ServerError.
bool store_position(const char* kind, const char* name, const Cursor& cursor, const ids::Uuid& last_id,
                    bool done, int64_t delivered);

}  // namespace eventlog::follow
