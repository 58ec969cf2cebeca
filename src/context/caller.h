// The caller as the server knows it, which an application cannot forge. The functions may ereport, so call
// them inside pg::call.
#pragma once

#include "pg/server.h"

#include "event/idempotency.h"
#include "jsonb/view.h"

namespace eventlog::context {

// The members view memory that is valid until the next call. A name that is not valid UTF-8 has \xNN in place
// of each bad byte.
struct Caller {
    std::string_view login_role;  // session_user
    event::Digest key_holder;     // whose idempotency keys the caller's are
    jsonb::Container envelope;    // {"actorId": the caller's role, "principalId": the login}
};

// Returns the caller of the current function. Its role is the one that SET ROLE has set, never the owner of a
// SECURITY DEFINER function. Its login is SYSTEM_USER if the server has it, otherwise session_user. Raises
// 42501 inside a security-restricted operation, whose statement the caller has not written.
const Caller& current_caller();

// Registers the invalidation callback. Called once, by _PG_init.
void watch_roles();

}  // namespace eventlog::context
