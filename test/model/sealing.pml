/* The life of one partition beside writers, a reader, and a clock that may step back once. Properties:
 *
 * - a row that was committed is never dropped before the reader has got it;
 * - none is written into a sealed partition, and so none is passed over because of its facts.
 *
 * Each switch takes one part of the algorithm away, and the checker finds the fault:
 *
 * NO_SEAL            retention drops what is old, sealed or not
 * NO_LOCK            a partition is closed without waiting for those that have written into it
 * NO_LOOK            a writer does not look for the seal once it holds its lock
 * REOPEN_DETACHING   a partition that is being detached is opened again, which the server refuses
 */
#define NUMBERS 4
#include "snapshots.pml"

#define WRITERS 2
#define TURNS 3                   /* windows of the reader */
#define RUNS 3                    /* of the process that seals and drops */

bool over = false;                /* the time of the partition, by the clock */
bool stepped_back = false;

bool closed = false;              /* the trigger and the row of eventlog.sealed_partitions */
bool sealed = false;              /* the row has its facts */
byte greatest = 0;                /* one of them: the greatest number */

bool noted = false;               /* in eventlog.retired_partitions */
bool detaching = false;           /* new lists of partitions do not have it */
bool dropped = false;

/* The locks on the partition. */
byte writing = 0;                 /* ROW EXCLUSIVE, also of prepared transactions */
bool sharing = false;             /* SHARE: the fence of retention */
bool closing = false;             /* SHARE ROW EXCLUSIVE */

short delivered = 0;
byte readers = 1;
byte ended = 0;

#define IS_FREE_FOR_WRITING (!sharing && !closing)
#define UNREAD (committed & ~delivered)

proctype Clock() {
    over = true;
    if
    :: atomic { over = false; stepped_back = true }
        /* A writer that finds the partition closed though its time is not over has it opened, under the maintenance lock. */
        if
        :: atomic {
#ifdef REOPEN_DETACHING
            closed && !dropped && writing == 0 && IS_FREE_FOR_WRITING ->
#else
            closed && !dropped && !detaching && writing == 0 && IS_FREE_FOR_WRITING ->
#endif
            closed = false; sealed = false }
        :: true
        fi;
        over = true
    :: true
    fi;
    ended++
}

inline complete(x) {
    if
    :: x > latest -> latest = x
    :: else
    fi;
    running = running & ~BIT(x)
}

/* A log call. A transaction that has its number before it waits for a lock keeps nobody from closing. */
proctype Writer() {
    byte x = 0;
    if
    :: over -> goto elsewhere
    :: !over
    fi;
    if                            /* the list of partitions, which is as old as its snapshot */
    :: dropped -> goto elsewhere
    :: detaching -> goto elsewhere
    :: else
    fi;
    atomic { IS_FREE_FOR_WRITING -> writing++ }
    if
    :: dropped -> atomic { writing--; goto elsewhere }
#ifndef NO_LOOK
    :: !dropped && closed -> atomic { writing--; goto elsewhere }
    :: !dropped && !closed
#else
    :: !dropped
#endif
    fi;
    atomic { x = next; next++; running = running | BIT(x) }
    if
    :: atomic { assert(!sealed); committed = committed | BIT(x); complete(x); writing-- }
    :: atomic { complete(x); writing-- }
    fi;
elsewhere:
    ended++
}

proctype Reader() {
    byte i = 0, turns = 0;
    short rows = 0;
    bool skips = false;
    Snapshot from, to;
    from.xmax = 1;
    do
    :: turns < TURNS ->
        turns++;
        atomic { take_snapshot(to) }
        atomic {                  /* the list and the facts are read after the snapshot */
            skips = dropped || detaching;
            i = 1;
            if
            :: sealed && greatest < from.xmax ->
                do
                :: i < NUMBERS && !LATE(from, to, i) -> i++
                :: else -> break
                od;
                skips = skips || i == NUMBERS
            :: else
            fi
        }
        atomic {
            rows = 0;
            if
            :: !skips -> rows_of_window(from, to, rows)
            :: else
            fi;
            delivered = delivered | rows;
            i = 1;
            do
            :: i < NUMBERS ->
                /* What the cursor leaves behind has been delivered. */
                assert(!HAS(committed, i) || !SEES(to, i) || HAS(delivered, i));
                i++
            :: else -> break
            od;
            i = 0;
            rows = 0;
            skips = false;
            copy_snapshot(from, to)
        }
    :: true -> break
    od;
    ended++
}

/* The process of src/retention: it seals, completes what an earlier run has left, and retires. */
proctype Retention() {
    byte i = 0, runs = 0;
    do
    :: runs < RUNS ->
        runs++;
        if
#ifdef NO_LOCK
        :: atomic { over && !closed && !detaching && !dropped -> closing = true }
#else
        :: atomic { over && !closed && !detaching && !dropped && writing == 0 && !sharing -> closing = true }
#endif
            atomic { closed = true; closing = false }
            atomic {
                if
                :: closed ->
                    greatest = 0;
                    i = 1;
                    do
                    :: i < NUMBERS ->
                        if
                        :: HAS(committed, i) -> greatest = i
                        :: else
                        fi;
                        i++
                    :: else -> break
                    od;
                    i = 0;
                    sealed = true
                :: else
                fi
            }
        :: true
        fi;
        if
        :: detaching && !dropped -> goto finish
        :: else
        fi;
        if
#ifdef NO_SEAL
        :: atomic { over && !dropped && writing == 0 -> sharing = true }
#else
        :: atomic { sealed && !dropped && writing == 0 && !closing -> sharing = true }
#endif
            if
            :: UNREAD != 0 -> sharing = false; goto again
            :: UNREAD == 0
            fi;
            noted = true;
            detaching = true;
            sharing = false       /* detached, or timed out: the next step is the same */
        :: true -> goto again
        fi;
finish:
        atomic { writing == 0 && IS_FREE_FOR_WRITING -> assert(UNREAD == 0); dropped = true; noted = false }
again:
        skip
    :: true -> break
    od;
    ended++
}

init {
    byte n = 0;
    atomic {
        do
        :: n < WRITERS -> run Writer(); n++
        :: else -> break
        od;
        run Clock();
        run Reader();
        run Retention()
    }
}
