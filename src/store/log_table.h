// A log table as a value: everything that the store has to know about a partitioned table of the extension.
// Each partition holds a range of UUIDv7, and thus of time. A new log is one such value (in folder logs/),
// one SQL file and their tests.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// An enum type in schema eventlog, with the labels that this library knows, in the order of a C++ enum.
struct EnumType {
    const char* name;
    std::span<const char* const> labels;
};

struct LogColumn {
    const char* name;
    Oid type;  // InvalidOid if the type is `enum_type`
    const EnumType* enum_type = nullptr;
};

// How the data of a person or a thing is removed from the rows of a log, whose ids and times stay. Both
// members are SQL text in which $1 is the id to be erased, and $2 is its type or NULL for every type.
struct ErasureClause {
    const char* condition;    // selects the rows of a scope; null if the log has none of that scope
    const char* assignments;  // the assignments of UPDATE … SET
};

struct LogTable {
    const char* name;  // in schema eventlog
    // The columns in the table's order. The first one is the id, by which the table is partitioned.
    std::span<const LogColumn> columns;
    // The column with the transaction number that readers follow, or null if the log is not followed.
    const char* xid_column;
    // The commands that make a partition, whose name replaces %s. Keys and indexes are created on the
    // partitions alone, because a parent that belongs to an extension and has a key does not restore from a
    // dump. Statement triggers of the parent do not fire for a partition that is addressed by name, so each
    // partition has its own.
    std::span<const char* const> partition_commands;
    // Returns the width of a new partition in milliseconds, by the current settings.
    int64_t (*partition_millis)();
    // The expressions of an idempotent call's tenant, source and key, for a SELECT; null if the log has no
    // keys.
    const char* key_columns;
    // The clauses in the order of erasure::Scope; empty if the rows hold nobody's data.
    std::span<const ErasureClause> erasure;

    const char* id_column() const { return columns.front().name; }
};

inline constexpr int kMaxLogTables = 8;
inline constexpr int kMaxColumns = 32;
inline constexpr int kMaxEnums = 8;
inline constexpr int kMaxEnumLabels = 4;

// Registers the log tables. Called once, by _PG_init.
void register_log_tables(std::span<const LogTable* const> tables);

// Returns every log table, in the order of registration.
std::span<const LogTable* const> log_tables();

// Returns the index of a table in log_tables().
int index_of(const LogTable& table);

}  // namespace eventlog::store
