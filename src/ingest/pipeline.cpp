#include "ingest/pipeline.h"

#include "event/formats.h"
#include "event/normalise.h"
#include "event/validate.h"
#include "context/caller.h"
#include "jsonb/build.h"
#include "jsonb/canonical.h"
#include "ingest/counters.h"
#include "pg/boundary.h"
#include "pg/clock.h"
#include "settings.h"
#include "runtime/commit_signal.h"
#include "store/id_source.h"
#include "store/idempotency.h"

namespace eventlog::ingest {
namespace {

constexpr size_t kHeader = VARHDRSZ;

// {"caller": …, "callerXid": …, "idempotencyKey": …, "forwardToStatsig": …}, in the order that JSONB stores
// keys in.
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

// The actor is one thing: the settings serve a call that names neither its type nor its id.
void set_actor(event::StoredRow& row, const event::Event& event) {
    bool named = event::given(event.actor_id);
    row.actor_id = named ? event.actor_id : settings::text_of(settings::actor_id);
    row.actor_type = named ? event.actor_type : settings::text_of(settings::actor_type);
    if (!event::given(row.actor_id)) row.actor_type = {};
}

std::string_view or_setting(std::string_view text, const char* setting) {
    return event::given(text) ? text : settings::text_of(setting);
}

std::string_view trace_id(const event::Event& event) {
    if (event::given(event.trace_id)) return event.trace_id;
    std::string_view traceparent = settings::text_of(settings::traceparent);
    if (!event::given(traceparent)) return {};
    return event::trace_id_of_traceparent(traceparent).value_or(std::string_view());
}

Prepared prepare_row(Relation events, const event::Event& event, std::string_view caller_xid) {
    const context::Caller& caller = context::current_caller();
    event::Micros now = pg::unix_micros_now();
    Prepared prepared{};
    prepared.forward = event.forward_to_statsig.value_or(settings::forward_default);
    event::StoredRow& row = prepared.row;
    row.event_id = store::next_id(events, now);
    row.event_name = event.event_name;
    row.event_type = event.event_type;
    row.source = or_setting(event.source, settings::source);
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
    row.app_version = or_setting(event.app_version, settings::app_version);
    row.sofa = event.sofa;
    prepared.metadata =
        add_envelope(event.metadata, build_envelope(event, caller, caller_xid, prepared.forward));
    row.metadata = jsonb::Container({VARDATA(prepared.metadata), VARSIZE(prepared.metadata) - kHeader});
    return prepared;
}

// Far below the limit for nearly every event, so that the exact size is seldom computed: a stored character
// takes six bytes at most, and what is neither metadata nor text takes less than two thousand.
bool may_be_too_large(const event::Event& event, size_t metadata_bytes) {
    size_t text_bytes = event.event_name.size() + event.event_type.size() + event.source.size() +
                        event.actor_type.size() + event.actor_id.size() + event.resource_type.size() +
                        event.resource_id.size() + event.sofa.size() + event.schema_version.size() +
                        event.app_version.size() + 2 * event.idempotency_key.size();
    constexpr size_t kSettingsBytes = 4 * event::kMaxTextCharacters * 4;
    return metadata_bytes + 6 * (text_bytes + kSettingsBytes) + 2000 > event::kMaxEnvelopeBytes;
}

void check_envelope(const event::StoredRow& row) {
    size_t bytes = event::canonical_size(row, jsonb::canonical_size(row.metadata));
    if (auto problem = event::validate_envelope_bytes(bytes)) throw pg::error_of(*problem);
}

}  // namespace

size_t check(event::Event& event) {
    event::normalise(event);
    size_t metadata_bytes = 0;
    if (auto problem = event::validate(event, settings::limits(), metadata_bytes))
        throw pg::error_of(*problem);
    return metadata_bytes;
}

store::Insertion begin() {
    return pg::call([] {
        PreventCommandIfReadOnly("eventlog.log_event()");
        PreventCommandIfParallelMode("eventlog.log_event()");
        return store::begin_insertion(pg::unix_millis_now());
    });
}

Prepared prepare(Relation events, const event::Event& event, size_t metadata_bytes,
                 std::string_view caller_xid) {
    Prepared prepared = pg::call([&] { return prepare_row(events, event, caller_xid); });
    if (may_be_too_large(event, metadata_bytes)) check_envelope(prepared.row);
    if (event::given(event.idempotency_key)) {
        prepared.has_key = true;
        prepared.key = {event::key_digest(prepared.row.tenant_id, prepared.row.source, event.idempotency_key),
                        event::payload_digest(event), settings::idempotency_window};
    }
    return prepared;
}

store::KeyClaim write_prepared(store::Insertion& insertion, const Prepared& prepared) {
    store::KeyClaim claim{};
    if (prepared.has_key) claim = store::claim_key(insertion, prepared.key, prepared.row.event_id);
    if (claim.outcome != store::Claim::taken) return claim;
    store::insert_row(insertion, prepared.row, prepared.metadata);
    count_logged();
    runtime::notify_at_commit(prepared.forward ? runtime::Notice::flagged_events : runtime::Notice::events);
    return claim;
}

ids::Uuid id_of(const store::KeyClaim& claim, const event::Event& event, const ids::Uuid& prepared) {
    if (claim.outcome != store::Claim::repeated) return prepared;
    if (!claim.same_payload) throw pg::error_of(event::key_reused(event.idempotency_key, claim.first));
    return claim.first;
}

ids::Uuid write(store::Insertion& insertion, const event::Event& event, size_t metadata_bytes) {
    while (true) {
        // What was prepared before a wait is as old as that was long.
        Prepared prepared = prepare(insertion.events, event, metadata_bytes);
        store::KeyClaim claim = pg::call([&] { return write_prepared(insertion, prepared); });
        if (claim.outcome != store::Claim::pending) return id_of(claim, event, prepared.row.event_id);
        pg::call([&] { store::wait_for_owner(claim); });
    }
}

void end(store::Insertion& insertion) {
    pg::call([&] { store::end_insertion(insertion); });
}

}  // namespace eventlog::ingest
