#include "pg/lock_waits.h"

#include "pg/server.h"

namespace eventlog::pg {
namespace {

// The processes that block `pid`, as pg_blocking_pids() returns them.
List* blockers_of(int pid) {
    ArrayType* array = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
    const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    const auto* pids = reinterpret_cast<const int32*>(ARR_DATA_PTR(array));
    List* blockers = NIL;
    for (int i = 0; i < count; i++) blockers = list_append_unique_int(blockers, pids[i]);
    return blockers;
}

}  // namespace

int blocker_of(int pid) {
    List* blockers = blockers_of(pid);
    return blockers != NIL ? linitial_int(blockers) : 0;
}

bool waits_for_this_process(int pid) {
    MemoryContext own =
        AllocSetContextCreate(CurrentMemoryContext, "eventlog lock waits", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(own);
    bool found = false;
    List* reached = list_make1_int(pid);
    for (int i = 0; i < list_length(reached) && !found; i++) {
        reached = list_concat_unique_int(reached, blockers_of(list_nth_int(reached, i)));
        found = list_member_int(reached, MyProcPid);
    }
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(own);
    return found;
}

}  // namespace eventlog::pg
