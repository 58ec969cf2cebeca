#include "pg/subtransaction.h"

namespace eventlog::pg {

Subtransaction::Subtransaction() : outer_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
    call([] { BeginInternalSubTransaction(nullptr); });
    MemoryContextSwitchTo(outer_);
}

Subtransaction::~Subtransaction() {
    if (!open_) return;
    internal::run_guarded([](void*) { RollbackAndReleaseCurrentSubTransaction(); }, nullptr);
    leave();
}

void Subtransaction::commit() {
    call([] { ReleaseCurrentSubTransaction(); });
    open_ = false;
    leave();
}

void Subtransaction::leave() {
    MemoryContextSwitchTo(outer_);
    CurrentResourceOwner = owner_;
}

}  // namespace eventlog::pg
