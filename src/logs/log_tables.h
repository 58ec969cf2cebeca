// Every log table of the extension, for store::register_log_tables.
#pragma once

#include "logs/events.h"
#include "store/idempotency.h"

namespace eventlog::logs {

inline constexpr const store::LogTable* kLogTables[] = {&kEvents, &store::kIdempotencyKeys};

}  // namespace eventlog::logs
