/* The cursor of a reader beside writers, crashes of the reader and of the server. Properties:
 *
 * - a committed row is never skipped: at the end each has been settled or is still before the stored cursor;
 * - it belongs to one window: it is never settled in two;
 * - what has been handed out stays: a crash of the server takes no row back that somebody was given.
 *
 * Each switch takes one part of the algorithm away, and the checker finds the fault:
 *
 * NO_XMAX   the cursor keeps the greatest number that it has read, in place of a snapshot
 * NO_LATE   a window does not look for what was in progress where it begins
 * NO_FENCE  the number of the window does not tell a second process of the same reader apart
 * NO_FLUSH  a window is handed out before the commits that it saw are on disk
 */
#include "snapshots.pml"

#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef READERS
#define READERS 2                 /* processes that read for the same reader, the second one by mistake */
#endif
#ifndef TURNS
#define TURNS 2                   /* windows that each of them looks for */
#endif
#ifndef CRASHES
#define CRASHES 1                 /* of the server */
#endif

byte ended = 0;                   /* processes that have ended */
short handed_out = 0;             /* rows that somebody outside has got */
byte settled_in[NUMBERS];         /* the window in which a row was settled */

/* What is on disk. A flush takes everything with it that was written before. */
short written = 0;
short flushed_rows = 0;
short flushed_commits = 0;

inline flush() {
    flushed_rows = written;
    flushed_commits = committed
}

/* eventlog.reader_window and reader_position, as of the last flush: a reader's own commits are synchronous. */
byte stored_window = 0;
bool stored_open = false;
Snapshot stored_from;
Snapshot stored_to;

byte incarnation = 0;             /* of the server: a connection belongs to one */

/* The record of the end names all numbers of the transaction, so that they are on disk after the next flush. */
inline complete(x, with) {
    written = written | BIT(x) | BIT(with);
    if
    :: with > latest -> latest = with
    :: else
    fi;
    running = running & ~BIT(x);
    prepared = prepared & ~BIT(x)
}

/* A transaction has its number when it writes its row. A savepoint takes another, under which no row is stored. */
proctype Writer() {
    byte x = 0, greatest = 0, mine = 0;
    atomic {
        next < NUMBERS;
        mine = incarnation;
        x = next;
        greatest = x;
        next++;
        running = running | BIT(x);
        written = written | BIT(x)
    }
#ifndef NO_SAVEPOINT
    if
    :: true
    :: atomic { mine == incarnation && next < NUMBERS -> greatest = next; next++ }
    fi;
#endif
    if
    :: atomic { mine == incarnation ->                       /* COMMIT, synchronous or not */
        committed = committed | BIT(x);
        complete(x, greatest);
        if
        :: flush()
        :: true
        fi }
    :: atomic { mine == incarnation -> complete(x, greatest) }  /* ROLLBACK */
    :: atomic { mine == incarnation -> prepared = prepared | BIT(x); written = written | BIT(greatest); flush() }  /* PREPARE TRANSACTION */
        if
        :: atomic { HAS(prepared, x) -> committed = committed | BIT(x); complete(x, greatest); flush() }
        :: atomic { HAS(prepared, x) -> complete(x, greatest) }
        fi
    :: mine != incarnation
    fi;
    ended++
}

/* One process that reads for the reader. It may lose what it has in memory at any time, and begin again. */
proctype Reader() {
    byte i = 0, turns = 0, window = 0, mine = 0;
    bool open = false;
    short rows = 0;
    Snapshot from, to;
begin:
    atomic {
        mine = incarnation;
        window = stored_window;
        open = stored_open;
        copy_snapshot(from, stored_from);
        copy_snapshot(to, stored_to);
        rows = 0
    }
turn:
    if
    :: turns == TURNS -> goto done
    :: turns < TURNS -> turns++
    :: turns < TURNS -> turns++; goto begin                  /* killed */
    fi;
    if
    :: open
    :: !open -> atomic { take_snapshot(to) }
    fi;
    atomic {
        if
        :: mine != incarnation -> goto begin
        :: else
        fi;
        rows_of_window(from, to, rows);
        if
        :: rows == 0 && !open -> copy_snapshot(from, to); goto turn   /* in memory alone */
        :: else
        fi
    }
    if
    :: open
    :: !open -> atomic {
        if
        :: mine != incarnation -> goto begin
#ifndef NO_FENCE
        :: mine == incarnation && window != stored_window -> goto begin
        :: mine == incarnation && window == stored_window ->
#else
        :: mine == incarnation ->
#endif
            stored_window++;
            window = stored_window;
            copy_snapshot(stored_from, from);
            copy_snapshot(stored_to, to);
            stored_open = true;
            open = true;
#ifndef NO_FLUSH
            flush()
#endif
        fi }
    fi;
    if
    :: handed_out = handed_out | rows
    :: goto begin                                            /* killed */
    fi;
    atomic {
        if
        :: mine != incarnation -> goto begin
#ifndef NO_FENCE
        :: mine == incarnation && window != stored_window -> goto begin
        :: mine == incarnation && window == stored_window ->
#else
        :: mine == incarnation ->
#endif
            i = 1;
            do
            :: i < NUMBERS ->
                if
                :: HAS(rows, i) -> assert(settled_in[i] == 0 || settled_in[i] == window); settled_in[i] = window
                :: else
                fi;
                i++
            :: else -> break
            od;
            i = 0;
#ifdef NO_XMAX
            i = NUMBERS - 1;
            do
            :: i > 0 && !HAS(rows, i) -> i--
            :: else -> break
            od;
            if
            :: i + 1 > from.xmax -> from.xmax = i + 1
            :: else
            fi;
            from.running = 0;
            i = 0;
#else
            copy_snapshot(from, to);
#endif
            copy_snapshot(stored_from, from);
            stored_open = false;
            open = false
        fi
    }
    goto turn;
done:
    ended++
}

/* The server loses what is not on disk, and the transactions in progress. Numbers that are not on disk are given again. */
proctype Crash() {
    byte i = 0, crashes = 0;
    do
    :: crashes < CRASHES -> atomic {
        crashes++;
        incarnation++;
        assert((handed_out & committed & ~flushed_commits) == 0);
        committed = flushed_commits;
        written = flushed_rows;
        running = prepared;
        next = 1;
        latest = 0;
        i = 1;
        do
        :: i < NUMBERS ->
            if
            :: HAS(written, i) -> next = i + 1; latest = i
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0 }
    :: true -> break
    od;
    ended++
}

/* Once nobody goes on: what the reader would get from here. */
proctype End() {
    byte i = 0;
    short rest = 0, rows = 0;
    Snapshot now;
    atomic {
        ended == WRITERS + READERS + 1;
        take_snapshot(now);
        if
        :: stored_open ->
            rows_of_window(stored_from, stored_to, rest);
            rows_of_window(stored_to, now, rows);
            assert((rest & rows) == 0);
            rest = rest | rows
        :: else -> rows_of_window(stored_from, now, rest)
        fi;
        i = 1;
        do
        :: i < NUMBERS ->
            assert(!HAS(committed, i) || settled_in[i] != 0 || HAS(rest, i));
            assert(settled_in[i] == 0 || stored_open || !HAS(rest, i));
            i++
        :: else -> break
        od
    }
}

init {
    byte n = 0;
    atomic {
        stored_from.xmax = 1;
        do
        :: n < WRITERS -> run Writer(); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < READERS -> run Reader(); n++
        :: else -> break
        od;
        run Crash();
        run End()
    }
}
