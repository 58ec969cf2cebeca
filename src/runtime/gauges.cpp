#include "runtime/gauges.h"

#include "runtime/shared_memory.h"

namespace eventlog::runtime {
namespace {

constexpr int kGauges = 512;

// The gauge of one target. A target without requests in flight has none.
struct Gauge {
    Oid database;  // InvalidOid if the gauge is free
    Oid server;
    uint32_t in_flight;
};

struct Gauges {
    Gauge gauges[kGauges];

    Gauge* find(Oid server) {
        for (Gauge& gauge : gauges)
            if (gauge.database == MyDatabaseId && gauge.server == server) return &gauge;
        return nullptr;
    }
    Gauge* find_free() {
        for (Gauge& gauge : gauges)
            if (gauge.database == InvalidOid) return &gauge;
        return nullptr;
    }
};

Shared<Gauges> all_gauges{"eventlog gauges"};

}  // namespace

void set_in_flight(Oid server, uint32_t requests) {
    if (!all_gauges) return;
    all_gauges.locked(LW_EXCLUSIVE, [server, requests](Gauges& gauges) {
        Gauge* gauge = gauges.find(server);
        if (gauge == nullptr && requests > 0) gauge = gauges.find_free();
        if (gauge == nullptr) return;
        *gauge = requests > 0 ? Gauge{MyDatabaseId, server, requests} : Gauge{};
    });
}

int in_flight(Oid server) {
    if (!all_gauges) return -1;
    return all_gauges.locked(LW_SHARED, [server](Gauges& gauges) {
        const Gauge* gauge = gauges.find(server);
        return gauge != nullptr ? static_cast<int>(gauge->in_flight) : 0;
    });
}

void clear_gauges() {
    if (!all_gauges) return;
    all_gauges.locked(LW_EXCLUSIVE, [](Gauges& gauges) {
        for (Gauge& gauge : gauges.gauges)
            if (gauge.database == MyDatabaseId) gauge = {};
    });
}

void request_gauges() {
    all_gauges.request();
}

}  // namespace eventlog::runtime
