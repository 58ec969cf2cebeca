#include "event/validate.h"

#include <cmath>

#include "event/formats.h"
#include "event/text_fields.h"
#include "event/wording.h"
#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

constexpr size_t kBytesOfEmptyObject = 2;

using Result = std::optional<Problem>;

// The message of a problem: the field's name and what is wrong with it.
std::string message(Field field, std::string_view what) {
    std::string text(name_of(field));
    text += what;
    return text;
}

Result check_length(Field field, std::string_view text) {
    if (text.size() <= kMaxTextCharacters) return std::nullopt;
    const size_t found = characters(text);
    if (found <= kMaxTextCharacters) return std::nullopt;
    return Problem{Rule::text_length, field, message(field, " is too long"),
                   limit_sentence(kMaxTextCharacters, "characters", found), ""};
}

Result check_event_name(const Event& event, NamingPolicy policy) {
    constexpr Field field = Field::event_name;
    const std::string_view name = event.event_name;
    if (!given(name)) {
        if (!event.event_name_given) {
            return Problem{Rule::event_name_required, field, message(field, " is required"), "", ""};
        }
        return Problem{Rule::event_name_blank, field, message(field, " is blank"),
                       "Nothing is left of it without the white space at both ends.", ""};
    }
    if (name.front() == '{' || name.front() == '[') {
        return Problem{
            Rule::event_name_json_literal, field, message(field, " must not be a JSON literal"),
            "It starts with " + quote(name.substr(0, 1)) + ".",
            "To log an event given as a JSON object, use eventlog.log_envelope; for an array of them, "
            "eventlog.log_events."};
    }
    if (auto problem = check_length(field, name)) return problem;
    if (!follows(policy, name)) {
        return Problem{Rule::event_name_policy, field, message(field, " breaks the naming policy"),
                       "The name is " + quote(name) + ".", std::string(describe(policy))};
    }
    return std::nullopt;
}

Result check_lengths(const Event& event) {
    for (const TextField& text : kTextFields) {
        if (!text.has_length_limit) continue;
        if (auto problem = check_length(text.field, event.*text.member)) return problem;
    }
    return std::nullopt;
}

Result check_metadata(const jsonb::Container& metadata, const Limits& limits, size_t& bytes) {
    constexpr Field field = Field::metadata;
    bytes = kBytesOfEmptyObject;
    if (!metadata.given()) return std::nullopt;
    if (!metadata.is_object()) {
        return Problem{Rule::metadata_object, field, message(field, " is not a JSON object"),
                       found_sentence(noun_of(kind_of_root(metadata))), ""};
    }
    if (metadata.find(kReservedKey)) {
        const std::string key = quote(kReservedKey);
        return Problem{Rule::metadata_reserved_key, field, message(field, " has the reserved key ") + key, "",
                       "Rename the key: the extension fills " + key + " itself."};
    }
    if (metadata.count() > limits.metadata_keys) {
        return Problem{
            Rule::metadata_keys, field, message(field, " has too many keys"),
            limit_sentence(limits.metadata_keys, "top-level keys", metadata.count()),
            "Put keys that belong together into a nested object, or raise eventlog.max_metadata_keys."};
    }
    bytes = jsonb::canonical_size(metadata);
    if (bytes > limits.metadata_bytes) {
        return Problem{
            Rule::metadata_bytes, field, message(field, " is too large"),
            limit_sentence(limits.metadata_bytes, "bytes of canonical JSON", bytes),
            "Store the body elsewhere and log a reference to it, or raise eventlog.max_metadata_bytes."};
    }
    return std::nullopt;
}

// `missing` is required where `present` is given.
Problem half_pair(Rule rule, Field missing, Field present) {
    const std::string missing_name(name_of(missing));
    const std::string present_name(name_of(present));
    return {rule, missing, missing_name + " is required where " + present_name + " is given", "",
            "Give " + missing_name + " too, or leave " + present_name + " out."};
}

Result check_pairs(const Event& event) {
    if (given(event.actor_type) && !given(event.actor_id)) {
        return half_pair(Rule::actor_pair, Field::actor_id, Field::actor_type);
    }
    if (given(event.resource_type) && !given(event.resource_id)) {
        return half_pair(Rule::resource_pair, Field::resource_id, Field::resource_type);
    }
    if (given(event.resource_id) && !given(event.resource_type)) {
        return half_pair(Rule::resource_pair, Field::resource_type, Field::resource_id);
    }
    return std::nullopt;
}

Result check_trace_id(std::string_view trace_id) {
    if (!given(trace_id) || is_trace_id(trace_id)) return std::nullopt;
    constexpr Field field = Field::trace_id;
    return Problem{
        Rule::trace_id_format, field, message(field, " is not a W3C trace id"),
        "A trace id is 32 lower-case hexadecimal digits, not all zero; found " + quote(trace_id) + ".",
        trace_id_of_traceparent(trace_id) ? "Of a traceparent, give only the second of its four parts." : ""};
}

Result check_schema_version(std::string_view version) {
    if (!given(version) || is_semver(version)) return std::nullopt;
    constexpr Field field = Field::schema_version;
    return Problem{
        Rule::schema_version_format, field, message(field, " is not a semantic version"),
        "A version is written as in Semantic Versioning 2.0.0, such as 1.4.0; found " + quote(version) + ".",
        ""};
}

Problem not_finite(Rule rule, Field field, std::string_view found) {
    return {rule, field, message(field, " must be finite"), found_sentence(found), ""};
}

Result check_value(const std::optional<double>& value) {
    if (!value || std::isfinite(*value)) return std::nullopt;
    const std::string_view found = std::isnan(*value) ? "NaN" : *value > 0 ? "infinity" : "-infinity";
    return not_finite(Rule::value_finite, Field::value, found);
}

Result check_event_ts(const std::optional<Micros>& time) {
    if (time != kMinusInfinity && time != kInfinity) return std::nullopt;
    return not_finite(Rule::event_ts_finite, Field::event_ts, time == kInfinity ? "infinity" : "-infinity");
}

}  // namespace

std::optional<Problem> validate(const Event& event, const Limits& limits, size_t& metadata_bytes) {
    if (auto problem = check_event_name(event, limits.naming_policy)) return problem;
    if (auto problem = check_lengths(event)) return problem;
    if (auto problem = check_metadata(event.metadata, limits, metadata_bytes)) return problem;
    if (auto problem = check_pairs(event)) return problem;
    if (auto problem = check_trace_id(event.trace_id)) return problem;
    if (auto problem = check_schema_version(event.schema_version)) return problem;
    if (auto problem = check_value(event.value)) return problem;
    return check_event_ts(event.event_ts);
}

std::optional<Problem> validate_envelope_bytes(size_t bytes) {
    if (bytes <= kMaxEnvelopeBytes) return std::nullopt;
    return Problem{Rule::envelope_bytes, Field::none, "event is too large",
                   limit_sentence(kMaxEnvelopeBytes, "bytes of canonical JSON", bytes),
                   "Store the body elsewhere and log a reference to it."};
}

}  // namespace eventlog::event
