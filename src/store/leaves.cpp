#include "store/leaves.h"

#include "pg/datum.h"
#include "pg/owner_sql.h"
#include "store/catalog.h"

namespace eventlog::store {
namespace {

enum FactColumn {
    kLog = 1,
    kFromId,
    kToId,
    kClosedAt,
    kSealedAt,
    kRows,
    kLeastXid,
    kGreatestXid,
    kLeastIngestedAt,
    kGreatestIngestedAt,
    kLeastEventTs,
    kGreatestEventTs
};

constexpr const char* kTriggerName = "sealed";
constexpr ids::Uuid kLastId{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

KnownPartitions known_partitions_of[kMaxLogTables];  // indexed as log_tables()
Oid facts_table = InvalidOid;
uint64_t changes = 0;

void on_relation_change(Datum, Oid relation) {
    for (KnownPartitions& known : known_partitions_of) {
        if (!known.valid) continue;
        const bool concerned =
            relation == InvalidOid || relation == facts_table ||
            std::find(known.oids, known.oids + known.count, relation) != known.oids + known.count;
        if (concerned) known.valid = false;
    }
    changes++;
}

Oid find_facts_table() {
    const Oid schema = get_namespace_oid("eventlog", true);
    return OidIsValid(schema) ? get_relname_relid("sealed_partitions", schema) : InvalidOid;
}

// ---- ranges ----------------------------------------------------------------------------------------------

struct Range {
    ids::Uuid from;
    std::optional<ids::Uuid> to;
};

std::optional<ids::Uuid> value_of(const List* bound) {
    const auto* datum = static_cast<PartitionRangeDatum*>(linitial(bound));
    if (datum->kind != PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    return pg::uuid_of(castNode(Const, datum->value)->constvalue);
}

// Returns the range of a partition of a log by its bounds in the catalog, or nothing if it is no longer a
// partition or has no range.
std::optional<Range> range_of(Oid partition) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(partition));
    if (!HeapTupleIsValid(tuple)) return std::nullopt;
    bool null = false;
    Datum bound_datum = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &null);
    char* bound_text = null ? nullptr : TextDatumGetCString(bound_datum);
    ReleaseSysCache(tuple);
    if (bound_text == nullptr) return std::nullopt;
    auto* bound = static_cast<PartitionBoundSpec*>(stringToNode(bound_text));
    if (bound->is_default || bound->strategy != PARTITION_STRATEGY_RANGE) return std::nullopt;
    return Range{value_of(bound->lowerdatums).value_or(ids::Uuid{}), value_of(bound->upperdatums)};
}

// ---- the rows of eventlog.sealed_partitions --------------------------------------------------------------

struct FactRow {
    ids::Uuid from;
    ids::Uuid to;
    std::optional<PartitionFacts> facts;
};

FactRow fact_row(TupleTableSlot* slot) {
    bool null = false;
    auto value = [slot, &null](FactColumn column) { return slot_getattr(slot, column, &null); };
    auto xid = [&](FactColumn column) {
        Datum datum = value(column);
        return null ? 0 : U64FromFullTransactionId(DatumGetFullTransactionId(datum));
    };
    auto time = [&](FactColumn column) {
        Datum datum = value(column);
        return null ? TimestampTz{0} : DatumGetTimestampTz(datum);
    };
    FactRow row{pg::uuid_of(value(kFromId)), pg::uuid_of(value(kToId)), std::nullopt};
    (void)value(kSealedAt);
    if (null) return row;
    Datum rows = value(kRows);
    row.facts = PartitionFacts{
        null ? 0 : DatumGetInt64(rows), xid(kLeastXid),      xid(kGreatestXid),     time(kLeastIngestedAt),
        time(kGreatestIngestedAt),      time(kLeastEventTs), time(kGreatestEventTs)};
    return row;
}

// Calls `take` with each row of a log, by the latest snapshot, until it returns false.
template <typename Take>
void scan_facts(const char* log, Take take) {
    Relation relation = table_open(facts_table, AccessShareLock);
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    TupleTableSlot* slot = table_slot_create(relation, nullptr);
    bool more = true;
    bool null = false;
    while (more && table_scan_getnextslot(scan, ForwardScanDirection, slot))
        if (pg::text_view(slot_getattr(slot, kLog, &null)) == log) more = take(fact_row(slot));
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(relation, AccessShareLock);
}

// A restore that switches the triggers off and on again leaves the trigger enabled in another way, and what
// it restored has not been counted.
bool has_enabled_trigger(Relation triggers, Oid partition, Oid function) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(partition));
    ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
                CStringGetDatum(kTriggerName));
    SysScanDesc scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, nullptr, 2, keys);
    HeapTuple tuple = systable_getnext(scan);
    bool enabled = false;
    if (HeapTupleIsValid(tuple)) {
        auto* trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
        enabled = trigger->tgfoid == function && trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
    }
    systable_endscan(scan);
    return enabled;
}

// ---- the list --------------------------------------------------------------------------------------------

std::optional<ids::Uuid> bound_at(const PartitionBoundInfoData* bounds, int index) {
    if (index < 0 || index >= bounds->ndatums) return std::nullopt;
    if (bounds->kind[index][0] != PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    return pg::uuid_of(bounds->datums[index][0]);
}

int read_ranges(PartitionDesc partitions, LogPartition* ranges) {
    if (partitions->nparts == 0) return 0;
    const PartitionBoundInfoData* bounds = partitions->boundinfo;
    int count = 0;
    // The index stored with a bound is that of the partition below it.
    for (int i = 0; i <= bounds->ndatums; i++) {
        const int part = bounds->indexes[i];
        if (part < 0 || part == bounds->default_index) continue;
        new (&ranges[count++]) LogPartition{partitions->oids[part],
                                            bound_at(bounds, i - 1).value_or(ids::Uuid{}),
                                            bound_at(bounds, i),
                                            partitions->is_leaf[part],
                                            false,
                                            false,
                                            std::nullopt};
    }
    const int other = bounds->default_index;
    if (other >= 0)
        new (&ranges[count++]) LogPartition{
            partitions->oids[other], {}, std::nullopt, partitions->is_leaf[other], true, false, std::nullopt};
    return count;
}

void read_facts(const LogTable& log, LogPartition* ranges, int count) {
    const Oid function = late_row_function();
    if (!OidIsValid(facts_table) || !OidIsValid(function) || !catalog().adopted) return;
    Relation triggers = table_open(TriggerRelationId, AccessShareLock);
    scan_facts(log.name, [&](const FactRow& row) {
        LogPartition* end = ranges + count;
        LogPartition* found = std::lower_bound(
            ranges, end, row.from,
            [](const LogPartition& p, const ids::Uuid& from) { return !p.is_default && p.from < from; });
        if (found != end && !found->is_default && found->from == row.from &&
            found->to.value_or(kLastId) == row.to && has_enabled_trigger(triggers, found->oid, function)) {
            found->closed = true;
            found->facts = row.facts;
        }
        return true;
    });
    table_close(triggers, AccessShareLock);
}

void read(const LogTable& log, PartitionDesc partitions, KnownPartitions& known) {
    const uint64_t changes_before = changes;
    facts_table = find_facts_table();
    MemoryContext memory =
        AllocSetContextCreate(CurrentMemoryContext, "eventlog partitions", ALLOCSET_SMALL_SIZES);
    const auto places = static_cast<size_t>(partitions->nparts) + 1;
    KnownPartitions fresh{};
    fresh.memory = memory;
    fresh.oids = static_cast<Oid*>(MemoryContextAlloc(memory, sizeof(Oid) * places));
    std::copy_n(partitions->oids, partitions->nparts, fresh.oids);
    fresh.ranges = static_cast<LogPartition*>(MemoryContextAlloc(memory, sizeof(LogPartition) * places));
    fresh.count = read_ranges(partitions, fresh.ranges);
    read_facts(log, fresh.ranges, fresh.count);
    // A database that has not been adopted has no facts, and nothing tells when it is adopted.
    fresh.valid = changes == changes_before && catalog().adopted;
    MemoryContextSetParent(memory, CacheMemoryContext);
    if (known.memory != nullptr) MemoryContextDelete(known.memory);
    known = fresh;
}

}  // namespace

const KnownPartitions& known_partitions(const LogTable& log, Relation table) {
    // A statement that already holds its locks hears of no change by itself.
    AcceptInvalidationMessages();
    KnownPartitions& known = known_partitions_of[index_of(log)];
    PartitionDesc partitions = RelationGetPartitionDesc(table, true);
    const bool same = known.valid && known.count == partitions->nparts &&
                      std::equal(known.oids, known.oids + known.count, partitions->oids);
    if (!same) read(log, partitions, known);
    return known;
}

Oid late_row_function() {
    const Oid schema = get_namespace_oid("eventlog", true);
    if (!OidIsValid(schema)) return InvalidOid;
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("refuse_late_row"),
                           PointerGetDatum(buildoidvector(nullptr, 0)), ObjectIdGetDatum(schema));
}

bool is_closed(Relation partition) {
    const TriggerDesc* triggers = partition->trigdesc;
    if (triggers == nullptr || !triggers->trig_insert_before_row) return false;
    const Oid function = late_row_function();
    const bool bound = OidIsValid(function) &&
                       std::any_of(triggers->triggers, triggers->triggers + triggers->numtriggers,
                                   [function](const Trigger& t) {
                                       return t.tgfoid == function && t.tgenabled == TRIGGER_FIRES_ALWAYS;
                                   });
    if (!bound) return false;
    facts_table = find_facts_table();
    if (!OidIsValid(facts_table)) return false;
    for (Oid oid = RelationGetRelid(partition); get_rel_relispartition(oid);) {
        const Oid parent = get_partition_parent(oid, true);
        for (const LogTable* log : log_tables()) {
            if (!OidIsValid(parent) || !catalog().has(*log) || catalog().table_of(*log) != parent) continue;
            std::optional<Range> range = range_of(oid);
            bool found = false;
            if (range)
                scan_facts(log->name, [&](const FactRow& row) {
                    found = row.from == range->from && row.to == range->to.value_or(kLastId);
                    return !found;
                });
            return found;
        }
        if (!OidIsValid(parent)) break;
        oid = parent;
    }
    // Nothing tells what a partition that has been detached would be when it is attached again.
    return true;
}

bool is_known_closed(const LogTable& log, Relation table, Oid partition) {
    const KnownPartitions& known = known_partitions(log, table);
    return std::any_of(known.ranges, known.ranges + known.count,
                       [partition](const LogPartition& p) { return p.oid == partition && p.closed; });
}

void reopen(Oid partition) {
    pg::OwnerSql saved = pg::begin_owner_sql(catalog().owner);
    pg::run_sql(psprintf("SELECT %s.reopen_partition(%u::oid)", catalog().internal_schema, partition),
                SPI_OK_SELECT);
    pg::end_owner_sql(saved);
    CommandCounterIncrement();
}

void watch_leaves() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
}

}  // namespace eventlog::store
