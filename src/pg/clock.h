// The clocks: a monotonic one for everything that is due, and the wall clock, which only names times.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Milliseconds of a clock that never steps back and is the same in every process; since some moment.
inline int64_t monotonic_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

// Microseconds between the Unix epoch and PostgreSQL's.
inline constexpr int64_t kEpochDifference =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * INT64_C(86400) * INT64_C(1000000);

// Microseconds since 1970 of a finite time. The last thirty years of the server's range overflow.
inline int64_t unix_micros_of(TimestampTz time) {
    return time + kEpochDifference;
}

// The time of so many microseconds since 1970.
inline TimestampTz timestamp_of(int64_t unix_micros) {
    return unix_micros - kEpochDifference;
}

// The wall clock, in microseconds since 1970.
inline int64_t unix_micros_now() {
    return unix_micros_of(GetCurrentTimestamp());
}

// The wall clock, in milliseconds since 1970.
inline int64_t unix_millis_now() {
    return unix_micros_now() / 1000;
}

}  // namespace eventlog::pg
