#include "store/partitions.h"

#include "pg/datum.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/spi.h"

namespace eventlog::store {
namespace {

constexpr int64_t kMillisPerMinute = 60000;

// The leaf found last: nearly every id belongs to it.
struct KnownLeaf {
    Oid events;
    Oid leaf;
    ids::Uuid from;
    ids::Uuid to;
};

KnownLeaf known;

void on_relation_change(Datum, Oid relation) {
    if (relation == InvalidOid || relation == known.events) known = {};
}

// The place of an id among the bounds of the existing partitions.
struct Place {
    Oid leaf;                       // InvalidOid: a gap
    std::optional<ids::Uuid> from;  // the bound at or below the id
    std::optional<ids::Uuid> to;    // the bound above it
};

std::optional<ids::Uuid> bound_at(const PartitionBoundInfoData* bounds, int index) {
    if (index < 0 || index >= bounds->ndatums) return std::nullopt;
    if (bounds->kind[index][0] != PARTITION_RANGE_DATUM_VALUE) return std::nullopt;
    return pg::uuid_of(bounds->datums[index][0]);
}

Place place_of(Relation events, const ids::Uuid& id) {
    PartitionDesc partitions = RelationGetPartitionDesc(events, true);
    if (partitions->nparts == 0) return {};
    PartitionKey key = RelationGetPartitionKey(events);
    Datum value = pg::uuid_datum(id);
    bool equal = false;
    int below = partition_range_datum_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo, 1,
                                              &value, &equal);
    int part = partitions->boundinfo->indexes[below + 1];
    return {.leaf = part >= 0 ? partitions->oids[part] : InvalidOid,
            .from = bound_at(partitions->boundinfo, below),
            .to = bound_at(partitions->boundinfo, below + 1)};
}

char* text_of(const ids::Uuid& id) {
    auto* text = static_cast<char*>(palloc0(37));
    ids::format_uuid(id, text);
    return text;
}

// events_p20261120, or events_p20261120_0630 where it does not begin at midnight; with a number where the
// name is taken.
char* free_name(Oid schema, const ids::Uuid& from) {
    time_t seconds = static_cast<time_t>(ids::unix_millis_of(from) / 1000);
    struct tm utc {};
    gmtime_r(&seconds, &utc);
    char* base = psprintf("events_p%04d%02d%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
    if (utc.tm_hour != 0 || utc.tm_min != 0) base = psprintf("%s_%02d%02d", base, utc.tm_hour, utc.tm_min);
    char* name = base;
    for (int i = 1; OidIsValid(get_relname_relid(name, schema)); i++) name = psprintf("%s_%d", base, i);
    return name;
}

// What every leaf carries besides the columns. Keys and indexes stand on the leaves alone, since a parent
// that belongs to an extension and has a key does not restore from a dump; statement triggers of the parent
// do not reach a leaf addressed by name.
constexpr const char* kLeafCommands[] = {
    "CREATE TABLE %s (LIKE eventlog.events INCLUDING ALL EXCLUDING INDEXES, PRIMARY KEY (event_id))",
    "CREATE INDEX ON %s (xid, event_id)",
    "CREATE INDEX ON %s (event_name, event_id)",
    "CREATE INDEX ON %s (actor_id, event_id) WHERE actor_id IS NOT NULL",
    "CREATE INDEX ON %s (resource_id, event_id) WHERE resource_id IS NOT NULL",
    "CREATE INDEX ON %s (trace_id, event_id) WHERE trace_id IS NOT NULL",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s"
    " FOR EACH STATEMENT EXECUTE FUNCTION eventlog.refuse_change()",
    "ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only",
};

void create(Oid owner, Oid schema, const ids::Uuid& from, const ids::Uuid& to) {
    const char* leaf = quote_qualified_identifier(get_namespace_name(schema), free_name(schema, from));
    OwnerSql saved = begin_owner_sql(owner);
    for (const char* command : kLeafCommands) run_sql(psprintf(command, leaf), SPI_OK_UTILITY);
    run_sql(psprintf("ALTER TABLE eventlog.events ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')", leaf,
                     text_of(from), text_of(to)),
            SPI_OK_UTILITY);
    end_owner_sql(saved);
}

int64_t partition_millis() {
    return settings::partition_width * kMillisPerMinute;
}

// When the partition of `unix_millis` ends if it is made now, and no neighbour cuts it.
int64_t next_boundary(int64_t unix_millis) {
    return (unix_millis / partition_millis() + 1) * partition_millis();
}

// The first moment at or after `unix_millis` that no partition holds, within the span to be kept ready.
// Partitions made with another width end where they end.
std::optional<int64_t> first_gap(int64_t unix_millis) {
    int64_t ready_until = next_boundary(unix_millis) + settings::partitions_ahead * partition_millis();
    Relation events = table_open(catalog().events, AccessShareLock);
    Place place = place_of(events, ids::first_uuid_of(unix_millis));
    while (OidIsValid(place.leaf) && place.to && unix_millis < ready_until) {
        unix_millis = ids::unix_millis_of(*place.to);
        place = place_of(events, *place.to);
    }
    table_close(events, NoLock);
    bool covered = unix_millis >= ready_until || OidIsValid(place.leaf);
    return covered ? std::nullopt : std::optional(unix_millis);
}

}  // namespace

Oid leaf_of(Relation events, const ids::Uuid& id) {
    if (known.events == RelationGetRelid(events) && known.from <= id && id < known.to) return known.leaf;
    Place place = place_of(events, id);
    if (OidIsValid(place.leaf) && place.from && place.to)
        known = {RelationGetRelid(events), place.leaf, *place.from, *place.to};
    return place.leaf;
}

void make_partition(int64_t unix_millis) {
    const Catalog& known_objects = catalog();
    Relation events = table_open(known_objects.events, AccessShareLock);
    Place place = place_of(events, ids::first_uuid_of(unix_millis));
    Oid schema = RelationGetNamespace(events);
    // The reference must not be held over the ATTACH; the lock may.
    table_close(events, NoLock);
    if (OidIsValid(place.leaf)) return;
    int64_t end = next_boundary(unix_millis);
    ids::Uuid from = ids::first_uuid_of(end - partition_millis());
    ids::Uuid to = ids::first_uuid_of(end);
    if (place.from && *place.from > from) from = *place.from;
    if (place.to && *place.to < to) to = *place.to;
    create(known_objects.owner, schema, from, to);
    CommandCounterIncrement();
}

void make_partitions_ahead(int64_t unix_millis) {
    while (std::optional<int64_t> gap = first_gap(unix_millis)) make_partition(*gap);
}

bool has_partitions_ahead(int64_t unix_millis) {
    return !first_gap(unix_millis);
}

void watch_partitions() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
}

}  // namespace eventlog::store
