// Microseconds between the Unix epoch and PostgreSQL's.
#pragma once

#include <cstdint>

namespace eventlog::store {

inline constexpr int64_t kEpochDifference = INT64_C(946684800000000);

}  // namespace eventlog::store
