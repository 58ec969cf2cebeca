#include "ingest/counters.h"

#include "runtime/log_counters.h"

namespace eventlog::ingest {
namespace {

// The number of events of the current transaction at one level of its subtransactions, since an event that
// a subtransaction rolls back does not count. The levels are in the transaction's memory, the innermost
// first, and are freed with their subtransactions, of which a transaction may have millions.
struct Level {
    int depth;
    uint64_t events;
    Level* outer;
};

Level* innermost = nullptr;

// A prepared transaction counts when it is prepared, because another session ends it.
void on_transaction_end(XactEvent event, void*) {
    switch (event) {
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_PREPARE:
            // All levels have been merged into one by then.
            if (innermost != nullptr) runtime::log_counters()->logged.fetch_add(innermost->events);
            innermost = nullptr;
            break;
        case XACT_EVENT_ABORT:
            innermost = nullptr;
            break;
        default:
            break;
    }
}

void drop_innermost() {
    Level* dropped = innermost;
    innermost = dropped->outer;
    pfree(dropped);
}

void merge_level(int depth) {
    if (innermost == nullptr || innermost->depth < depth) return;
    Level* outer = innermost->outer;
    if (outer == nullptr || outer->depth < depth - 1) {
        innermost->depth = depth - 1;
        return;
    }
    outer->events += innermost->events;
    drop_innermost();
}

void on_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
    const int depth = GetCurrentTransactionNestLevel();
    if (event == SUBXACT_EVENT_COMMIT_SUB) merge_level(depth);
    if (event == SUBXACT_EVENT_ABORT_SUB)
        while (innermost != nullptr && innermost->depth >= depth) drop_innermost();
}

runtime::Rejections* rejections_of(runtime::LogCounters& counters, int sqlstate) {
    for (runtime::Rejections& rejections : counters.rejected) {
        int found = 0;
        if (rejections.sqlstate.compare_exchange_strong(found, sqlstate) || found == sqlstate)
            return &rejections;
    }
    return nullptr;
}

}  // namespace

void count_logged() {
    if (runtime::log_counters() == nullptr) return;
    const int depth = GetCurrentTransactionNestLevel();
    if (innermost == nullptr || innermost->depth != depth) {
        auto* level = static_cast<Level*>(MemoryContextAlloc(TopTransactionContext, sizeof(Level)));
        *level = {depth, 0, innermost};
        innermost = level;
    }
    innermost->events++;
}

void count_rejected(int sqlstate) {
    runtime::LogCounters* counters = pg::call([] { return runtime::log_counters(); });
    if (counters == nullptr) return;
    runtime::Rejections* rejections = rejections_of(*counters, sqlstate);
    (rejections != nullptr ? rejections->count : counters->rejected_otherwise).fetch_add(1);
}

void watch_counters() {
    RegisterXactCallback(on_transaction_end, nullptr);
    RegisterSubXactCallback(on_subtransaction_end, nullptr);
}

}  // namespace eventlog::ingest
