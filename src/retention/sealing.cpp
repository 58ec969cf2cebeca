#include "retention/sealing.h"

#include "retention/steps.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/leaves.h"
#include "pg/owner_sql.h"

namespace eventlog::retention {
namespace {

// Runs a step of the sealing on a partition, if nobody holds a lock that conflicts with `mode`.
bool run_step(Oid partition, LOCKMODE mode, const char* function) {
    if (!store::lock_extension(AccessShareLock)) return false;
    if (!ConditionalLockRelationOid(partition, mode)) return false;
    if (get_rel_name(partition) == nullptr) return false;
    pg::OwnerSql saved = pg::begin_owner_sql(store::catalog().owner);
    pg::run_sql(psprintf("SELECT %s.%s(%u::oid)", store::catalog().internal_schema, function, partition),
                SPI_OK_SELECT);
    bool null = false;
    bool done = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
    pg::end_owner_sql(saved);
    // Every session reads the facts anew.
    CacheInvalidateRelcacheByRelid(partition);
    return done;
}

// Whoever has written into the partition holds a lock that conflicts with this one until his transaction
// ends, even if he has prepared it. So there is no such transaction once the lock is granted.
bool close(Oid partition) {
    return run_step(partition, ShareRowExclusiveLock, "close_partition");
}

// The count takes as long as the partition is large, so its lock keeps nobody from reading and erasing; it
// keeps the partition closed.
bool seal(Oid partition) {
    return run_step(partition, ShareUpdateExclusiveLock, "seal_partition");
}

}  // namespace

const char* partitions_to_seal() {
    if (!settings::sealing || !OidIsValid(store::late_row_function())) return nullptr;
    return psprintf("SELECT partition FROM %s.partitions_to_seal()", store::catalog().internal_schema);
}

void seal_partitions() {
    std::span<Oid> partitions;
    auto read = [&partitions] {
        const char* query = partitions_to_seal();
        if (query != nullptr) partitions = partitions_of(query);
        return true;
    };
    if (!try_step("sealing", read)) return;
    for (Oid partition : partitions)
        if (try_step("sealing: closing a partition", [partition] { return close(partition); }))
            try_step("sealing: counting a partition", [partition] { return seal(partition); });
}

}  // namespace eventlog::retention
