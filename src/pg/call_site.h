// Values that a call site of a SQL function keeps between calls, such as a parsed argument.
#pragma once

#include "pg/server.h"

namespace eventlog::pg {

// Returns the object of the call site. It is made at the first call, and freed with the memory of the call
// site.
template <typename Kept>
Kept& kept_by(FmgrInfo* site) {
    if (site->fn_extra != nullptr) return *static_cast<Kept*>(site->fn_extra);
    struct Owner {
        Kept kept;
        MemoryContextCallback callback{};
    };
    auto owner = std::make_unique<Owner>();
    owner->callback.func = [](void* argument) { delete static_cast<Owner*>(argument); };
    owner->callback.arg = owner.get();
    MemoryContextRegisterResetCallback(site->fn_mcxt, &owner->callback);
    site->fn_extra = &owner->kept;
    return owner.release()->kept;
}

}  // namespace eventlog::pg
