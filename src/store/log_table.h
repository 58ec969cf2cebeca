// A log table as a value: everything that the store has to know of a partitioned table of the extension. Each
// partition holds a range of UUIDv7, and so of time. A new log is one such value (folder logs/), one SQL file
// and their tests.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// An enum type of schema eventlog, with the labels that this library knows, in the order of a C++ enum.
struct EnumType {
    const char* name;
    std::span<const char* const> labels;
};

struct LogColumn {
    const char* name;
    Oid type;  // InvalidOid: enum_type
    const EnumType* enum_type = nullptr;
};

// How the data of a person or a thing is taken out of the rows of a log, whose ids and times stay. Texts of
// SQL; $1 is the id asked for and $2 its type, NULL for every type.
struct ErasureClause {
    const char* condition;    // picks the rows of a scope; null: the log has none of that scope
    const char* assignments;  // of UPDATE … SET
};

struct LogTable {
    const char* name;  // in schema eventlog
    // In their order. The first one is the id, by which the table is partitioned.
    std::span<const LogColumn> columns;
    // The column of the transaction number that readers follow; null: the log is not followed.
    const char* xid_column;
    // Makes a partition, whose name is %s. Keys and indexes stand on the partitions alone, since a parent
    // that belongs to an extension and has a key does not restore from a dump; statement triggers of the
    // parent do not reach a partition that is addressed by name.
    std::span<const char* const> partition_commands;
    // The width of a new partition in milliseconds, by the settings of the moment.
    int64_t (*partition_millis)();
    // The tenant, the source and the key of idempotent calls, for a SELECT; null: the log has none.
    const char* key_columns;
    // In the order of erasure::Scope; empty: rows hold nobody's data.
    std::span<const ErasureClause> erasure;

    const char* id_column() const { return columns.front().name; }
};

inline constexpr int kMaxLogTables = 8;
inline constexpr int kMaxColumns = 32;
inline constexpr int kMaxEnums = 8;
inline constexpr int kMaxEnumLabels = 4;

// Makes the log tables known; called once by _PG_init.
void register_log_tables(std::span<const LogTable* const> tables);

// Every log table, in the order of registration.
std::span<const LogTable* const> log_tables();

// The place of a table in log_tables().
int index_of(const LogTable& table);

}  // namespace eventlog::store
