#include "store/partitions.h"

#include "pg/datum.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/leaves.h"
#include "pg/owner_sql.h"

namespace eventlog::store {
namespace {

// The leaf that was found last, to which nearly every id belongs.
struct KnownLeaf {
    Oid table;
    Oid leaf;
    ids::Uuid from;
    ids::Uuid to;
};

KnownLeaf known_leaves[kMaxLogTables];  // indexed as log_tables()

void on_relation_change(Datum, Oid relation) {
    for (KnownLeaf& known : known_leaves)
        if (relation == InvalidOid || relation == known.table) known = {};
}

// The position of an id among the bounds of the existing partitions.
struct Place {
    Oid leaf;                       // InvalidOid if the id falls into a gap
    std::optional<ids::Uuid> from;  // the bound at or below the id
    std::optional<ids::Uuid> to;    // the bound above it
    bool closed = false;            // set by place_in alone

    bool takes_rows() const { return OidIsValid(leaf) && !closed; }
};

std::optional<ids::Uuid> bound_at(const PartitionBoundInfoData* bounds, int index) {
    if (index < 0 || index >= bounds->ndatums) return std::nullopt;
    if (bounds->kind[index][0] != PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    return pg::uuid_of(bounds->datums[index][0]);
}

Place place_of(Relation table, const ids::Uuid& id) {
    PartitionDesc partitions = RelationGetPartitionDesc(table, true);
    if (partitions->nparts == 0) return {};
    PartitionKey key = RelationGetPartitionKey(table);
    Datum value = pg::uuid_datum(id);
    bool equal = false;
    int below = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo, 1,
                                              &value, &equal);
    int part = partitions->boundinfo->indexes[below + 1];
    return {.leaf = part >= 0 ? partitions->oids[part] : InvalidOid,
            .from = bound_at(partitions->boundinfo, below),
            .to = bound_at(partitions->boundinfo, below + 1),
            .closed = false};
}

char* text_of(const ids::Uuid& id) {
    auto* text = static_cast<char*>(palloc0(37));
    ids::format_uuid(id, text);
    return text;
}

// Returns a free name: events_p20261120, or events_p20261120_0630 for a partition that does not begin at
// midnight. A number is appended if the name is taken.
char* free_name(const LogTable& log, Oid schema, const ids::Uuid& from) {
    time_t seconds = static_cast<time_t>(ids::unix_millis_of(from) / 1000);
    struct tm utc {};
    gmtime_r(&seconds, &utc);
    char* base = psprintf("%s_p%04d%02d%02d", log.name, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
    if (utc.tm_hour != 0 || utc.tm_min != 0) base = psprintf("%s_%02d%02d", base, utc.tm_hour, utc.tm_min);
    char* name = base;
    for (int i = 1; OidIsValid(get_relname_relid(name, schema)); i++) name = psprintf("%s_%d", base, i);
    return name;
}

// Makes the tables and indexes of this transaction in the tablespace of the log's table, as partitions are
// that are made in one step. The setting of the session, which may be anything, does not count.
void use_tablespace(const LogTable& log, Oid table, Oid owner) {
    const Oid space = get_rel_tablespace(table);
    const char* name = OidIsValid(space) ? get_tablespace_name(space) : nullptr;
    if (name != nullptr && !may_create_in(space, owner)) {
        ereport(
            WARNING, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg("eventlog: partitions of \"%s\" are not made in its tablespace \"%s\"", log.name, name),
            errhint("Run GRANT CREATE ON TABLESPACE %s TO %s.", quote_identifier(name),
                    quote_identifier(GetUserNameFromId(owner, false))));
        name = nullptr;
    }
    (void)set_config_option("default_tablespace", name != nullptr ? name : "", PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
}

void create(const LogTable& log, Oid owner, Oid schema, const ids::Uuid& from, const ids::Uuid& to) {
    const char* leaf = quote_qualified_identifier(get_namespace_name(schema), free_name(log, schema, from));
    pg::OwnerSql saved = pg::begin_owner_sql(owner);
    use_tablespace(log, catalog().table_of(log), owner);
    // An event trigger that logs an event would need the very partition that is being made.
    for (const char* command : log.partition_commands) pg::run_part(psprintf(command, leaf));
    pg::run_part(psprintf("ALTER TABLE eventlog.%s ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
                          log.name, leaf, text_of(from), text_of(to)));
    pg::end_owner_sql(saved);
}

// Returns the time at which the partition of `unix_millis` ends if it is made now and no neighbour cuts it.
int64_t next_boundary(const LogTable& log, int64_t unix_millis) {
    return (unix_millis / log.partition_millis() + 1) * log.partition_millis();
}

Place place_in(const LogTable& log, const ids::Uuid& id) {
    Relation table = table_open(catalog().table_of(log), AccessShareLock);
    Place place = place_of(table, id);
    place.closed = OidIsValid(place.leaf) && is_known_closed(log, table, place.leaf);
    // The reference must not be held during an ATTACH; the lock may.
    table_close(table, NoLock);
    return place;
}

// Returns the first id from `unix_millis` on that no partition takes, within the span to be kept ready.
// Partitions that were made with another width keep their ends, and a bound may lie inside a millisecond.
std::optional<ids::Uuid> first_gap(const LogTable& log, int64_t unix_millis) {
    const ids::Uuid ready_until = ids::first_uuid_of(next_boundary(log, unix_millis) +
                                                     settings::partitions_ahead * log.partition_millis());
    ids::Uuid id = ids::first_uuid_of(unix_millis);
    Place place = place_in(log, id);
    while (place.takes_rows() && place.to && id < ready_until) {
        CHECK_FOR_INTERRUPTS();
        id = *place.to;
        place = place_in(log, id);
    }
    bool covered = id >= ready_until || place.takes_rows();
    return covered ? std::nullopt : std::optional(id);
}

// Makes the partition that holds `id`, unless there is one, which is opened if it is closed.
void make_partition(const LogTable& log, const ids::Uuid& id) {
    const Catalog& known_objects = catalog();
    Place place = place_in(log, id);
    if (place.takes_rows()) return;
    if (place.closed) return reopen(place.leaf);
    int64_t end = next_boundary(log, ids::unix_millis_of(id));
    ids::Uuid from = ids::first_uuid_of(end - log.partition_millis());
    ids::Uuid to = ids::first_uuid_of(end);
    if (place.from && *place.from > from) from = *place.from;
    if (place.to && *place.to < to) to = *place.to;
    Oid schema = get_rel_namespace(known_objects.table_of(log));
    create(log, known_objects.owner, schema, from, to);
    CommandCounterIncrement();
}

}  // namespace

Oid leaf_of(const LogTable& log, Relation table, const ids::Uuid& id) {
    KnownLeaf& known = known_leaves[index_of(log)];
    if (known.table == RelationGetRelid(table) && known.from <= id && id < known.to) return known.leaf;
    Place place = place_of(table, id);
    if (OidIsValid(place.leaf) && place.from && place.to)
        known = {RelationGetRelid(table), place.leaf, *place.from, *place.to};
    return place.leaf;
}

bool is_over(Relation table, const ids::Uuid& id, int64_t unix_millis) {
    Place place = place_of(table, id);
    return place.to && *place.to <= ids::first_uuid_of(unix_millis);
}

std::span<const Oid> leaves_from(Relation table, const ids::Uuid& from) {
    PartitionDesc partitions = RelationGetPartitionDesc(table, true);
    auto* leaves = static_cast<Oid*>(palloc(sizeof(Oid) * (static_cast<size_t>(partitions->nparts) + 1)));
    size_t count = 0;
    // The index stored with a bound is that of the partition below it.
    for (int i = partitions->nparts > 0 ? partitions->boundinfo->ndatums - 1 : -1; i >= 0; i--) {
        std::optional<ids::Uuid> to = bound_at(partitions->boundinfo, i);
        if (to && *to <= from) break;
        int part = partitions->boundinfo->indexes[i];
        if (part >= 0) leaves[count++] = partitions->oids[part];
    }
    return {leaves, count};
}

void make_partitions(int64_t unix_millis) {
    for (const LogTable* log : log_tables())
        if (catalog().has(*log)) make_partition(*log, ids::first_uuid_of(unix_millis));
}

bool make_next_partition(int64_t unix_millis) {
    for (const LogTable* log : log_tables()) {
        if (!catalog().has(*log)) continue;
        if (std::optional<ids::Uuid> gap = first_gap(*log, unix_millis)) {
            make_partition(*log, *gap);
            return true;
        }
    }
    return false;
}

bool has_partitions(int64_t unix_millis) {
    auto tables = log_tables();
    return std::all_of(tables.begin(), tables.end(), [unix_millis](const LogTable* log) {
        return !catalog().has(*log) || place_in(*log, ids::first_uuid_of(unix_millis)).takes_rows();
    });
}

bool has_partitions_ahead(int64_t unix_millis) {
    auto tables = log_tables();
    return std::all_of(tables.begin(), tables.end(), [unix_millis](const LogTable* log) {
        return !catalog().has(*log) || !first_gap(*log, unix_millis);
    });
}

void watch_partitions() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
}

}  // namespace eventlog::store
