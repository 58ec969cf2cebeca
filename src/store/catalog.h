// Where the extension's objects are in this database, cached for the life of the backend and dropped when
// they change. Every function here may ereport: call them inside pg::call.
#pragma once

#include "pg/server.h"

#include "store/log_table.h"
#include "store/release.h"

namespace eventlog::store {

// An enum type as this database has it.
struct KnownEnum {
    const EnumType* definition;
    Oid type;
    Oid labels[kMaxEnumLabels];
};

struct Catalog {
    Oid tables[kMaxLogTables];   // of log_tables(); InvalidOid: the SQL objects are older than that log
    KnownEnum enums[kMaxEnums];  // of their columns; unused ones have no definition
    Oid cluster;                 // eventlog.cluster
    Oid owner;                   // of the first log table: the extension writes in that role's name
    Service service;             // full or logging
    bool adopted;                // the xid offset is settled for this database of this cluster
    uint64_t xid_offset;         // the difference to the server's transaction numbers

    // 55000 where the SQL objects are older than the log. May ereport.
    Oid table_of(const LogTable& log) const;
    bool has(const LogTable& log) const { return OidIsValid(tables[index_of(log)]); }
    Oid type_of(const LogColumn& column) const;
    Oid label_of(const EnumType& type, int label) const { return enum_of(type).labels[label]; }
    const KnownEnum& enum_of(const EnumType& type) const;
};

// The cached facts; 55000 when the extension is not installed here. They serve log calls: whoever does more
// asks for `require_full_service` first.
const Catalog& catalog();

// 55000 unless the SQL objects are those of this library or of a release that it serves.
void require_full_service();

// Whether nothing has changed since `catalog` was read last.
bool is_current();

// The version of the extension's SQL objects in this database, or null when it is not installed here.
char* installed_version();

// What this library does for the extension in this database. Reads the catalog anew.
Service service();

// Reports, at this level (55000), that this library cannot serve the SQL objects in full; `detail` is a
// sentence that says what comes of it.
void report_other_version(int level, const char* detail);

// Locks the extension to the end of the transaction; false, and nothing locked, when it is not installed (any
// more).
bool lock_extension(LOCKMODE mode);
void unlock_extension(LOCKMODE mode);

// Forgets what is cached (after the extension changed its own tables in this transaction).
void forget();

// Has every session read the facts anew once this transaction commits: an update has changed the SQL objects.
void announce_change();

// Registers the invalidation callbacks; called once by _PG_init.
void watch_catalog();

}  // namespace eventlog::store
