#include "store/log_table.h"

namespace eventlog::store {
namespace {

std::span<const LogTable* const> registered;

}  // namespace

void register_log_tables(std::span<const LogTable* const> tables) {
    Assert(tables.size() <= kMaxLogTables);
    registered = tables;
}

std::span<const LogTable* const> log_tables() {
    return registered;
}

int index_of(const LogTable& table) {
    auto found = std::find(registered.begin(), registered.end(), &table);
    Assert(found != registered.end());
    return static_cast<int>(found - registered.begin());
}

}  // namespace eventlog::store
