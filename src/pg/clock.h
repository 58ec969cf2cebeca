// The clock of everything that is due: it never steps back, and is the same in every process.
#pragma once

#include <cstdint>
#include <ctime>

namespace eventlog::pg {

// Milliseconds since some moment.
inline int64_t monotonic_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

}  // namespace eventlog::pg
