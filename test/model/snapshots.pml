/* Transactions and snapshots, as src/follow/README.md has them. Sets of numbers are bit masks. */

#ifndef NUMBERS
#define NUMBERS 5                 /* transaction numbers are 1 .. NUMBERS - 1 */
#endif
#define BIT(x) (1 << (x))
#define HAS(set, x) (((set) >> (x)) & 1)

typedef Snapshot {
    byte xmax;                    /* numbers from here on had not been completed */
    short running                 /* those below it that were in progress */
};

byte next = 1;                    /* the number of the next transaction */
byte latest = 0;                  /* the greatest number of a transaction that has ended */
short running = 0;                /* in progress, or prepared */
short prepared = 0;
short committed = 0;              /* visible rows: each transaction writes one, under its top-level number */

#define SEES(s, x) ((x) < s.xmax && !HAS(s.running, x))
/* The bounds of src/follow/snapshot.h, and the check of src/follow/window.cpp. A row is found if its writer has committed. */
#ifdef NO_LATE
#define LATE(from, to, x) false
#else
#define LATE(from, to, x) (HAS(from.running, x) && SEES(to, x))
#endif
#define BOUNDED(from, to, x) ((x >= from.xmax && x < to.xmax) || LATE(from, to, x))
#define IN_WINDOW(from, to, x) (BOUNDED(from, to, x) && SEES(to, x) && !SEES(from, x))

inline take_snapshot(s) {
    s.xmax = latest + 1;
    s.running = running & (BIT(s.xmax) - 1)
}

inline copy_snapshot(target, source) {
    target.xmax = source.xmax;
    target.running = source.running
}

inline rows_of_window(from, to, rows) {
    rows = 0;
    i = 1;
    do
    :: i < NUMBERS ->
        if
        :: HAS(committed, i) && IN_WINDOW(from, to, i) -> rows = rows | BIT(i)
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}
