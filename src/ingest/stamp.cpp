#include "ingest/stamp.h"

#include "context/caller.h"
#include "event/trace_context.h"
#include "event/validate.h"
#include "jsonb/build.h"
#include "jsonb/utf8.h"
#include "pg/boundary.h"
#include "logs/events.h"
#include "pg/clock.h"
#include "settings.h"
#include "store/id_source.h"

namespace eventlog::ingest {
namespace {

constexpr size_t kHeader = VARHDRSZ;

// Builds {"caller": …, "callerXid": …, "idempotencyKey": …, "forwardToStatsig": …}, in the order in which
// JSONB stores keys.
jsonb::Container build_envelope(const event::Event& event, const context::Caller& caller,
                                std::string_view caller_xid, bool forward) {
    std::array<jsonb::Member, 4> members;
    size_t count = 0;
    members[count++] = {"caller", {.kind = jsonb::Kind::object, .bytes = caller.envelope.bytes()}};
    if (event::given(caller_xid))
        members[count++] = {"callerXid", {.kind = jsonb::Kind::string, .bytes = caller_xid}};
    if (event::given(event.idempotency_key))
        members[count++] = {"idempotencyKey", {.kind = jsonb::Kind::string, .bytes = event.idempotency_key}};
    members[count++] = {"forwardToStatsig", {.kind = jsonb::Kind::boolean, .boolean = forward, .bytes = {}}};
    std::span<const jsonb::Member> used(members.data(), count);
    auto* bytes = static_cast<char*>(palloc(jsonb::object_bound(used)));
    return jsonb::Container({bytes, jsonb::build_object(used, bytes)});
}

Jsonb* add_envelope(const jsonb::Container& metadata, const jsonb::Container& envelope) {
    jsonb::Member member{event::kReservedKey, {.kind = jsonb::Kind::object, .bytes = envelope.bytes()}};
    auto* datum = static_cast<char*>(palloc(kHeader + jsonb::add_member_bound(metadata, member)));
    size_t size = jsonb::add_member(metadata, member, datum + kHeader);
    SET_VARSIZE(datum, kHeader + size);
    return reinterpret_cast<Jsonb*>(datum);
}

// Returns the text of a setting that serves as a default. The server takes some settings whatever they hold.
std::string_view default_of(const char* setting, const char* name) {
    const std::string_view text = settings::text_of(setting);
    if (!jsonb::is_utf8(text)) pg::refuse<rules::Rule::setting_encoding>(name, rules::with<"found">(text));
    return text;
}

// The actor's type and id belong together, so the settings serve only a call that gives neither.
void set_actor(event::StoredRow& row, const event::Event& event) {
    bool named = event::given(event.actor_id);
    row.actor_id = named ? event.actor_id : default_of(settings::actor_id, "eventlog.actor_id");
    row.actor_type = named ? event.actor_type : default_of(settings::actor_type, "eventlog.actor_type");
    if (!event::given(row.actor_id)) row.actor_type = {};
}

std::string_view or_setting(std::string_view text, const char* setting, const char* name) {
    return event::given(text) ? text : default_of(setting, name);
}

std::string_view trace_id(const event::Event& event) {
    if (event::given(event.trace_id)) return event.trace_id;
    std::string_view traceparent = settings::text_of(settings::traceparent);
    if (!event::given(traceparent)) return {};
    return event::trace_id_of_traceparent(traceparent).value_or(std::string_view());
}

}  // namespace

Stamped stamp(Relation events, const event::Event& event, std::string_view caller_xid) {
    const context::Caller& caller = context::current_caller();
    event::Micros now = pg::unix_micros_now();
    Stamped stamped{};
    stamped.forward = event.forward_to_statsig.value_or(settings::forward_default);
    stamped.key_holder = caller.key_holder;
    event::StoredRow& row = stamped.row;
    row.event_id = store::next_id(logs::kEvents, events, now);
    row.event_name = event.event_name;
    row.event_type = event.event_type;
    row.source = or_setting(event.source, settings::source, "eventlog.source");
    if (!event::given(row.source)) row.source = caller.login_role;
    row.origin = event.origin.value_or(event::Origin::backend);
    set_actor(row, event);
    row.resource_type = event.resource_type;
    row.resource_id = event.resource_id;
    row.event_ts = event.event_ts.value_or(now);
    row.ingested_at = now;
    row.value = event.value;
    row.schema_version = event.schema_version;
    row.trace_id = trace_id(event);
    row.app_version = or_setting(event.app_version, settings::app_version, "eventlog.app_version");
    row.sofa = event.sofa;
    stamped.metadata =
        add_envelope(event.metadata, build_envelope(event, caller, caller_xid, stamped.forward));
    row.metadata = jsonb::Container({VARDATA(stamped.metadata), VARSIZE(stamped.metadata) - kHeader});
    return stamped;
}

}  // namespace eventlog::ingest
