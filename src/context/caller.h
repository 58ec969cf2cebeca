// Who is calling, as the server knows it: what an application cannot forge.
// May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

#include "jsonb/view.h"

namespace eventlog::context {

// Views of memory that lasts until the next call.
struct Caller {
    std::string_view login_role;  // session_user
    jsonb::Container envelope;    // {"actorId": the caller's role, "principalId": the login}
};

// The caller of the current function: SET ROLE's role, never that of a SECURITY DEFINER function's owner; the
// login is SYSTEM_USER where the server has it, else session_user.
const Caller& current_caller();

// Registers the invalidation callback; called once by _PG_init.
void watch_roles();

}  // namespace eventlog::context
