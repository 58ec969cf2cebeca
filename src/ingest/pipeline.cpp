#include "ingest/pipeline.h"

#include "context/caller.h"
#include "event/normalise.h"
#include "event/validate.h"
#include "jsonb/canonical.h"
#include "ingest/counters.h"
#include "pg/boundary.h"
#include "logs/events.h"
#include "pg/clock.h"
#include "settings.h"
#include "runtime/commit_signal.h"
#include "store/idempotency.h"

namespace eventlog::ingest {
namespace {

// The estimate is far below the limit for nearly every event, so the exact size is seldom computed: a
// stored character takes six bytes at most, and everything besides metadata and text takes less than two
// thousand.
bool may_be_too_large(const event::Event& event, size_t metadata_bytes) {
    size_t text_bytes = event.event_name.size() + event.event_type.size() + event.source.size() +
                        event.actor_type.size() + event.actor_id.size() + event.resource_type.size() +
                        event.resource_id.size() + event.sofa.size() + event.schema_version.size() +
                        event.app_version.size() + 2 * event.idempotency_key.size();
    constexpr size_t kSettingsBytes = 4 * event::kMaxTextCharacters * 4;
    return metadata_bytes + 6 * (text_bytes + kSettingsBytes) + 2000 > event::kMaxEnvelopeBytes;
}

void check_envelope(const event::Event& event, const event::StoredRow& row) {
    size_t bytes = event::canonical_size(row, jsonb::canonical_size(row.metadata));
    if (auto broken = event::validate_envelope_bytes(event, bytes)) throw pg::error_of(*broken);
}

}  // namespace

size_t check(event::Event& event) {
    event::normalise(event);
    size_t metadata_bytes = 0;
    if (auto broken = event::validate(event, settings::limits(), metadata_bytes)) throw pg::error_of(*broken);
    return metadata_bytes;
}

store::Insertion begin() {
    return pg::call([] {
        (void)context::current_caller();
        PreventCommandIfReadOnly("eventlog.log_event()");
        PreventCommandIfParallelMode("eventlog.log_event()");
        return logs::begin_events(pg::unix_millis_now());
    });
}

Prepared prepare(Relation events, const event::Event& event, size_t metadata_bytes,
                 std::string_view caller_xid) {
    Prepared prepared{pg::call([&] { return stamp(events, event, caller_xid); }), std::nullopt};
    if (may_be_too_large(event, metadata_bytes)) check_envelope(event, prepared.stamped.row);
    if (event::given(event.idempotency_key))
        prepared.key = {event::key_digest(prepared.stamped.row.tenant_id, prepared.stamped.row.source,
                                          event.idempotency_key),
                        prepared.stamped.key_holder, event::payload_digest(event),
                        settings::idempotency_window};
    return prepared;
}

store::KeyClaim write_prepared(store::Insertion& insertion, const Prepared& prepared) {
    store::KeyClaim claim{};
    if (!store::enter_partition(insertion, prepared.stamped.row.event_id)) {
        claim.outcome = store::Claim::late;
        return claim;
    }
    if (prepared.key) claim = store::claim_key(insertion, *prepared.key, prepared.stamped.row.event_id);
    if (claim.outcome != store::Claim::taken) return claim;
    logs::insert_event(insertion, prepared.stamped.row, prepared.stamped.metadata);
    count_logged();
    runtime::notify_at_commit(prepared.stamped.forward ? runtime::Notice::flagged_events
                                                       : runtime::Notice::events);
    return claim;
}

ids::Uuid id_of(const store::KeyClaim& claim, const event::Event& event, const ids::Uuid& prepared) {
    if (claim.outcome == store::Claim::unseen) throw pg::error_of(event::key_concurrent(event));
    if (claim.outcome != store::Claim::repeated) return prepared;
    if (!claim.same_payload) throw pg::error_of(event::key_reused(event, claim.first));
    return claim.first;
}

ids::Uuid write(store::Insertion& insertion, const event::Event& event, size_t metadata_bytes) {
    while (true) {
        pg::call([] { CHECK_FOR_INTERRUPTS(); });
        // A row that was prepared before a wait has times that are as old as the wait was long.
        Prepared prepared = prepare(insertion.table, event, metadata_bytes);
        store::KeyClaim claim = pg::call([&] { return write_prepared(insertion, prepared); });
        if (claim.outcome == store::Claim::late) continue;
        if (claim.outcome != store::Claim::pending) return id_of(claim, event, prepared.stamped.row.event_id);
        pg::call([&] { store::wait_for_owner(claim); });
    }
}

ids::Uuid write_alone(const event::Event& event, size_t metadata_bytes) {
    store::Insertion insertion = begin();
    ids::Uuid id = write(insertion, event, metadata_bytes);
    end(insertion);
    return id;
}

void end(store::Insertion& insertion) {
    pg::call([&] { store::end_insertion(insertion); });
}

}  // namespace eventlog::ingest
