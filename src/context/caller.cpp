#include "context/caller.h"

#include "jsonb/build.h"
#include "jsonb/utf8.h"
#include "pg/boundary.h"

namespace eventlog::context {
namespace {

struct Known {
    Oid session_user;
    Oid role;
    Caller caller;
    char login_role[jsonb::kEscapedByte * NAMEDATALEN];
    char* envelope;  // in TopMemoryContext
};

constinit Known known{};
bool valid = false;

void on_role_change(Datum, int, uint32) {
    valid = false;
}

const char* system_user() {
#if PG_VERSION_NUM >= 160000
    return GetSystemUser();
#else
    return nullptr;
#endif
}

// A role that was made in a database of another encoding has a name that may be no text here.
const char* readable(const char* name) {
    if (jsonb::is_utf8(name)) return name;
    const size_t size = strlen(name);
    auto* escaped = static_cast<char*>(palloc(jsonb::kEscapedByte * size + 1));
    escaped[jsonb::escape_invalid({name, size}, escaped)] = '\0';
    return escaped;
}

// Returns who holds the session's idempotency keys: its login role. An authenticated service would hold them
// in its place. The name counts, not the oid, so that keys outlive a dump and its restore.
event::Digest key_holder(Oid session_user) {
    const char* name = GetUserNameFromId(session_user, false);
    event::Digest holder{};
    pg::enter([name, &holder] { holder = event::holder_digest(event::Holder::login_role, name); });
    return holder;
}

void load(Oid session_user, Oid role) {
    valid = false;
    strlcpy(known.login_role, readable(GetUserNameFromId(session_user, false)), sizeof(known.login_role));
    const char* principal = system_user() != nullptr ? readable(system_user()) : known.login_role;
    const char* actor = readable(GetUserNameFromId(role, false));
    jsonb::Member members[] = {
        {"actorId", {.kind = jsonb::Kind::string, .bytes = actor}},
        {"principalId", {.kind = jsonb::Kind::string, .bytes = principal}},
    };
    if (known.envelope != nullptr) pfree(known.envelope);
    known.envelope = nullptr;
    known.envelope = static_cast<char*>(MemoryContextAlloc(TopMemoryContext, jsonb::object_bound(members)));
    size_t size = jsonb::build_object(members, known.envelope);
    known.caller.key_holder = key_holder(session_user);
    known.session_user = session_user;
    known.role = role;
    known.caller.login_role = known.login_role;
    known.caller.envelope = jsonb::Container({known.envelope, size});
    valid = true;
}

}  // namespace

const Caller& current_caller() {
    if (InSecurityRestrictedOperation()) pg::refuse<rules::Rule::security_restricted>({});
    Oid session_user = GetSessionUserId();
    Oid role = GetOuterUserId();
    if (!valid || session_user != known.session_user || role != known.role) load(session_user, role);
    return known.caller;
}

void watch_roles() {
    CacheRegisterSyscacheCallback(AUTHOID, on_role_change, (Datum)0);
}

}  // namespace eventlog::context
