// Reads the log forward without missing a late commit. Every reader uses this mechanism.
//
// A cursor is a pair of snapshots and a position. Its window holds every row that is visible in `to` and not
// in `from`, and is read in id order, in pieces. When the window is used up, `from` becomes `to`. See
// README.md in this folder.
#pragma once

#include "pg/server.h"

#include "event/stored_row.h"
#include "follow/snapshot.h"

namespace eventlog::follow {

struct Cursor {
    int64_t window_number = 0;  // as in eventlog.reader_window, where it is the fence
    Snapshot from;
    std::optional<Snapshot> to;            // the end of the open window; none between windows
    bool stored = false;                   // whether eventlog.reader_window has this window
    std::optional<ids::Uuid> last_id;      // the last event that was read of the open window
    bool settled = false;                  // whether the events up to last_id were settled, not passed over
    std::optional<ids::Uuid> start_after;  // events up to this one are not read

    // Closes the window, which is used up.
    void next_window();
};

// A cursor as it is stored in eventlog.reader_window and eventlog.reader_position.
struct StoredCursor {
    int64_t window_number;
    std::string_view from;
    std::string_view to;  // has no data if there is none
    std::optional<ids::Uuid> start_after;
    std::optional<ids::Uuid> last_id;  // last_id and `done` apply if the position is of this window
    bool done;
};

Cursor cursor_of(const StoredCursor& stored);

// A piece of a window, in id order. The rows live in the memory context in which they were read.
struct Piece {
    std::vector<event::StoredRow> rows;
    bool ends_window = false;  // whether the window has no rows behind the last one

    bool nothing() const { return rows.empty() && !ends_window; }
};

// Reads the next piece, of at most `max_rows` rows. If no window is open, opens one in memory only, because
// nobody has been told of it yet. If there is nothing new between windows, moves cursor.from up to now. Call
// it in a transaction that is connected to SPI. Throws pg::ServerError.
Piece next_piece(Cursor& cursor, size_t max_rows);

// Stores the cursor's window, or that the cursor is between two windows. Returns false if another reader has
// moved the cursor. Call it before anything of the window is delivered. Throws pg::ServerError.
bool store_window(const char* kind, const char* name, Cursor& cursor);

// Stores how far the stored window has been read. Returns false if another reader has moved the cursor.
// Throws pg::ServerError.
bool store_position(const char* kind, const char* name, const Cursor& cursor, const ids::Uuid& last_id,
                    bool done, int64_t delivered);

}  // namespace eventlog::follow
