// The extension's objects in this database. The facts are cached for the life of the backend, and are read
// again after the objects have changed. Every function here may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "store/log_table.h"
#include "store/release.h"

namespace eventlog::store {

// An enum type with the oids that it has in this database.
struct KnownEnum {
    const EnumType* definition;
    Oid type;
    Oid labels[kMaxEnumLabels];
};

struct Catalog {
    Oid tables[kMaxLogTables];    // indexed as log_tables(); InvalidOid if the SQL objects lack the log
    KnownEnum enums[kMaxEnums];   // of the logs' columns; an unused entry has no definition
    Oid cluster;                  // eventlog.cluster
    const char* internal_schema;  // schema of the functions that only the extension calls
    Oid owner;                    // owner of the first log table, in whose name the extension writes
    Service service;              // full or logging
    bool adopted;                 // whether the xid offset is settled for this database of this cluster
    uint64_t xid_offset;          // the difference to the server's transaction numbers

    // Returns the oid of the log's table. Raises 55000 if the SQL objects are older than the log.
    Oid table_of(const LogTable& log) const;
    bool has(const LogTable& log) const { return OidIsValid(tables[index_of(log)]); }
    Oid type_of(const LogColumn& column) const;
    Oid label_of(const EnumType& type, int label) const { return enum_of(type).labels[label]; }
    const KnownEnum& enum_of(const EnumType& type) const;
};

// Returns the cached facts. Raises 55000 if the extension is not installed in this database. The facts
// suffice for log calls; a caller that does anything else calls `require_full_service` first.
const Catalog& catalog();

// Raises 55000 unless the SQL objects are of this library's version or of a release that it serves.
void require_full_service();

// Returns whether nothing has changed since `catalog` was last called.
bool is_current();

// Returns the version of the extension's SQL objects in this database, or null if the extension is not
// installed.
char* installed_version();

// Returns whether the SQL objects of this database are of this release or of a later one, as far as their
// version can be read.
bool is_of_release(const char* release);

// Returns the service that this library gives to the SQL objects of this database. Reads the system catalogs,
// not the cache.
Service service();

// Reports at `level`, with SQLSTATE 55000, that this library cannot serve the SQL objects in full. `detail`
// is a sentence that names the consequence.
void report_other_version(int level, const char* detail);

// Locks the extension until the transaction ends. Returns false, and locks nothing, if the extension is not
// installed or has been dropped in the meantime.
bool lock_extension(LOCKMODE mode);
void unlock_extension(LOCKMODE mode);

// Drops the cached facts, after the extension has changed its own tables in this transaction.
void forget();

// Makes every session read the facts again once this transaction commits, because an update has changed the
// SQL objects.
void announce_change();

// Registers the invalidation callbacks. Called once, by _PG_init.
void watch_catalog();

}  // namespace eventlog::store
