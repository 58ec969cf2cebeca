// What can be wrong with an event: one table of rules, from which code, SQL and tests take SQLSTATE and
// constraint name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace eventlog::event {

// A field of an event; `kNone` where a problem belongs to the whole envelope.
enum class Field : uint8_t {
    none,
    event_name,
    event_type,
    source,
    origin,
    actor_type,
    actor_id,
    resource_type,
    resource_id,
    event_ts,
    value,
    metadata,
    schema_version,
    trace_id,
    app_version,
    sofa,
    forward_to_statsig,
    idempotency_key,
};

// The SQL name of a field: the argument's name, and COLUMN NAME of its errors.
std::string_view name_of(Field field);

enum class Rule : uint8_t {
    event_name_required,      // 22004: missing
    event_name_blank,         // 22023: blank after trimming
    event_name_json_literal,  // 22023: starts with { or [
    event_name_policy,        // 22023
    text_length,              // 22001
    metadata_object,          // 22023: not a JSON object
    metadata_reserved_key,    // 42939
    metadata_keys,            // 54000
    metadata_bytes,           // 54000
    envelope_bytes,           // 54000
    actor_pair,               // 22023: actor_type without actor_id
    resource_pair,            // 22023: one of resource_type, resource_id alone
    trace_id_format,          // 22023
    schema_version_format,    // 22023
    value_finite,             // 22003
    event_ts_finite,          // 22008
    envelope_object,          // 22023: not a JSON object
    envelope_form,            // 22023: recognising keys of two forms, or of none
    envelope_key,             // 22023: a key that is not of the form, or a field twice
    envelope_required,        // 22004: a required key of the form is missing
    envelope_type,            // 22023: a value of the wrong JSON type
    envelope_timestamp,       // 22007: a time that cannot be read
    events_array,             // 22023: not a JSON array
    idempotency_key_reused,   // 23505: the key of an event that was given differently
};

// Five characters of SQLSTATE.
std::string_view sqlstate_of(Rule rule);
// CONSTRAINT NAME of the rule's errors: stable, so that a client can tell one 22023 from another.
std::string_view constraint_of(Rule rule);

// A broken rule with its texts. `message` is a PostgreSQL primary message (lower case, no full stop) that
// names the field; `detail` and `hint` are sentences, empty when there is nothing to say.
struct Problem {
    Rule rule;
    Field field;
    std::string message;
    std::string detail;
    std::string hint;
};

}  // namespace eventlog::event
