#include "runtime/log_counters.h"

#include "runtime/shared_memory.h"

namespace eventlog::runtime {
namespace {

constexpr int kCountedDatabases = 128;

struct AllCounters {
    LogCounters of_databases[kCountedDatabases];

    LogCounters* find(Oid database) {
        for (LogCounters& counters : of_databases)
            if (counters.database == database) return &counters;
        return nullptr;
    }

    // Returns the counters of a database, which are created if necessary, or null if no place is left.
    LogCounters* find_or_add(Oid database) {
        if (LogCounters* known = find(database)) return known;
        LogCounters* counters = find(InvalidOid);
        if (counters == nullptr) return nullptr;
        counters->~LogCounters();
        new (counters) LogCounters{};
        counters->since = GetCurrentTimestamp();
        counters->database = database;
        return counters;
    }
};

Shared<AllCounters> all_counters{"eventlog counters"};

}  // namespace

void LogCounters::reset() {
    logged = 0;
    for (Rejections& rejections : rejected) rejections.count = 0;
    rejected_otherwise = 0;
    since = GetCurrentTimestamp();
}

LogCounters* log_counters() {
    static LogCounters* known = nullptr;
    static bool looked = false;
    if (looked || !all_counters || MyDatabaseId == InvalidOid) return known;
    known = all_counters.locked(LW_EXCLUSIVE,
                                [](AllCounters& counters) { return counters.find_or_add(MyDatabaseId); });
    looked = true;
    return known;
}

void free_log_counters(Oid database) {
    all_counters.locked(LW_EXCLUSIVE, [database](AllCounters& counters) {
        if (LogCounters* known = counters.find(database)) known->database = InvalidOid;
    });
}

void request_log_counters() {
    all_counters.request();
}

}  // namespace eventlog::runtime
