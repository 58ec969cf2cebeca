// All clocks: due times use the monotonic clock, and the wall clock only names times.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Returns the milliseconds since an unspecified moment. The clock never steps back and is the same in every
// process.
inline int64_t monotonic_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

// The microseconds between the Unix epoch and PostgreSQL's epoch.
inline constexpr int64_t kEpochDifference =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64_C(86400) * INT64_C(1000000);

// Converts a finite time to microseconds since 1970. Times in the last thirty years of the server's range
// overflow.
inline int64_t unix_micros_of(TimestampTz time) {
    return time + kEpochDifference;
}

// Converts microseconds since 1970 to a timestamp.
inline TimestampTz timestamp_of(int64_t unix_micros) {
    return unix_micros - kEpochDifference;
}

// Returns the wall clock in microseconds since 1970.
inline int64_t unix_micros_now() {
    return unix_micros_of(GetCurrentTimestamp());
}

// Returns the wall clock in milliseconds since 1970.
inline int64_t unix_millis_now() {
    return unix_micros_now() / 1000;
}

}  // namespace eventlog::pg
