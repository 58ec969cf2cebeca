#include "pg/transaction.h"

namespace eventlog::pg {

Transaction::Transaction()
    : outer_(CurrentMemoryContext), outer_capture_(internal::capture_errors_in(CurrentMemoryContext)) {
    try {
        call([] {
            SetCurrentStatementStartTimestamp();
            StartTransactionCommand();
            PushActiveSnapshot(GetTransactionSnapshot());
        });
    } catch (...) {
        internal::run_guarded([](void*) { AbortCurrentTransaction(); }, nullptr);
        internal::capture_errors_in(outer_capture_);
        MemoryContextSwitchTo(outer_);
        throw;
    }
}

Transaction::~Transaction() {
    if (open_) internal::run_guarded([](void*) { AbortCurrentTransaction(); }, nullptr);
    internal::capture_errors_in(outer_capture_);
    MemoryContextSwitchTo(outer_);
}

void Transaction::commit() {
    call([] {
        PopActiveSnapshot();
        CommitTransactionCommand();
    });
    open_ = false;
    MemoryContextSwitchTo(outer_);
}

SqlTransaction::SqlTransaction() {
    call([] { SPI_connect(); });
}

void SqlTransaction::commit() {
    call([] { SPI_finish(); });
    transaction_.commit();
}

void limit_lock_waits(const char* limit) {
    (void)set_config_option("lock_timeout", limit, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
                            false);
}

}  // namespace eventlog::pg
