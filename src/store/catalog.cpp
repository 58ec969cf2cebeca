#include "store/catalog.h"

#include "pg/boundary.h"
#include "store/adoption.h"
#include "store/attached_code.h"
#include "store/xid_check.h"

namespace eventlog::store {
namespace {

using rules::Rule;
using rules::with;

constexpr const char* kName = "eventlog";

Catalog cached;
bool valid = false;
uint64_t changes = 0;
bool changed_here = false;  // whether this transaction has changed the cached facts

void invalidate() {
    valid = false;
    changes++;
}

void on_relation_change(Datum, Oid relation) {
    forget_attached_code(relation);
    if (relation == InvalidOid || relation == cached.cluster ||
        std::count(std::begin(cached.tables), std::end(cached.tables), relation) > 0)
        invalidate();
}

// Drops the facts that were read in a transaction that changed them and then rolled back, or was prepared and
// may still be.
void on_transaction_end(XactEvent event, void*) {
    if (changed_here && (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)) invalidate();
    if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE) changed_here = false;
}

void on_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    if (changed_here && event == SUBXACT_EVENT_ABORT_SUB) invalidate();
}

[[noreturn]] void report_damage() {
    pg::refuse<Rule::extension_damaged>({});
}

Oid label_oid(Oid type, const char* label) {
    HeapTuple tuple = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(label));
    if (!HeapTupleIsValid(tuple)) report_damage();
    Oid oid = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->oid;
    ReleaseSysCache(tuple);
    return oid;
}

void read_enum(Catalog& fresh, Oid schema, const EnumType& definition) {
    auto free_place =
        std::find_if(std::begin(fresh.enums), std::end(fresh.enums), [&definition](const KnownEnum& known) {
            return known.definition == nullptr || known.definition == &definition;
        });
    Assert(free_place != std::end(fresh.enums));
    if (free_place->definition != nullptr) return;
    free_place->definition = &definition;
    free_place->type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(definition.name),
                                       ObjectIdGetDatum(schema));
    if (!OidIsValid(free_place->type)) report_damage();
    Assert(definition.labels.size() <= kMaxEnumLabels);
    for (size_t i = 0; i < definition.labels.size(); i++)
        free_place->labels[i] = label_oid(free_place->type, definition.labels[i]);
}

Oid owner_of(Oid table) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", table);
    Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

Service service_of(const char* version) {
    return version == nullptr ? Service::none : service_for(version, EVENTLOG_VERSION);
}

Catalog read() {
    Catalog fresh{};
    const char* version = installed_version();
    fresh.service = service_of(version);
    if (fresh.service == Service::none) pg::refuse<Rule::extension_missing>({});
    fresh.internal_schema = internal_schema_of(version);
    Oid schema = get_namespace_oid(kName, false);
    for (const LogTable* log : log_tables()) {
        Oid table = get_relname_relid(log->name, schema);
        fresh.tables[index_of(*log)] = table;
        if (!OidIsValid(table)) continue;
        for (const LogColumn& column : log->columns)
            if (column.enum_type != nullptr) read_enum(fresh, schema, *column.enum_type);
    }
    fresh.cluster = get_relname_relid("cluster", schema);
    if (!OidIsValid(fresh.cluster) || !OidIsValid(fresh.tables[0])) report_damage();
    fresh.owner = owner_of(fresh.tables[0]);
    fresh.adopted = read_offset(fresh.cluster, fresh.xid_offset) && numbers_go_on(fresh);
    return fresh;
}

}  // namespace

Oid Catalog::table_of(const LogTable& log) const {
    const Oid table = tables[index_of(log)];
    if (!OidIsValid(table)) pg::refuse<Rule::extension_outdated>({}, with<"log">(log.name));
    return table;
}

Oid Catalog::type_of(const LogColumn& column) const {
    return column.enum_type != nullptr ? enum_of(*column.enum_type).type : column.type;
}

const KnownEnum& Catalog::enum_of(const EnumType& type) const {
    return *std::find_if(std::begin(enums), std::end(enums),
                         [&type](const KnownEnum& known) { return known.definition == &type; });
}

const Catalog& catalog() {
    while (!valid) {
        uint64_t changes_before = changes;
        cached = read();
        if (!cached.adopted) break;
        valid = changes == changes_before;
    }
    return cached;
}

bool is_current() {
    return valid;
}

char* installed_version() {
    Oid extension = get_extension_oid(kName, true);
    if (!OidIsValid(extension)) return nullptr;
    Relation relation = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
    SysScanDesc scan = systable_beginscan(relation, ExtensionOidIndexId, true, nullptr, 1, &key);
    char* version = nullptr;
    HeapTuple tuple = systable_getnext(scan);
    if (HeapTupleIsValid(tuple)) {
        bool null = false;
        version = TextDatumGetCString(
            heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation), &null));
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return version;
}

bool is_of_release(const char* release) {
    const char* version = installed_version();
    const auto objects = version != nullptr ? release_number(version) : std::nullopt;
    return !objects || *objects >= *release_number(release);
}

Service service() {
    return service_of(installed_version());
}

void require_full_service() {
    if (catalog().service != Service::full)
        report_other_version(ERROR, "Until the versions agree, only log calls are served.");
}

void report_other_version(int level, const char* detail) {
    const char* version = installed_version();
    pg::report<Rule::extension_version>(level, {}, with<"library">(EVENTLOG_VERSION),
                                        with<"objects">(version != nullptr ? version : "unknown"),
                                        with<"effect">(detail));
}

bool lock_extension(LOCKMODE mode) {
    Oid extension = get_extension_oid(kName, true);
    if (!OidIsValid(extension)) return false;
    LockDatabaseObject(ExtensionRelationId, extension, 0, mode);
    if (get_extension_oid(kName, true) == extension) return true;
    UnlockDatabaseObject(ExtensionRelationId, extension, 0, mode);
    return false;
}

void unlock_extension(LOCKMODE mode) {
    UnlockDatabaseObject(ExtensionRelationId, get_extension_oid(kName, false), 0, mode);
}

void forget() {
    invalidate();
    changed_here = true;
}

void announce_change() {
    CacheInvalidateRelcacheByRelid(get_relname_relid("cluster", get_namespace_oid(kName, false)));
}

void watch_catalog() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
    RegisterXactCallback(on_transaction_end, nullptr);
    RegisterSubXactCallback(on_subtransaction_end, nullptr);
}

}  // namespace eventlog::store
