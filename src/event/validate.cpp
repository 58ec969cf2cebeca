#include "event/validate.h"

#include <cmath>

#include "event/characters.h"
#include "event/json_kind.h"
#include "event/semver.h"
#include "event/trace_context.h"
#include "event/text_fields.h"
#include "jsonb/canonical.h"
#include "jsonb/utf8.h"

namespace eventlog::event {
namespace {

constexpr size_t kBytesOfEmptyObject = 2;

using rules::Rule;
using rules::violation;
using rules::Violation;
using rules::with;
using Result = std::optional<Violation>;

Result check_length(const Event& event, Field field, std::string_view text) {
    if (text.size() <= kMaxTextCharacters) return std::nullopt;
    const size_t found = characters(text);
    if (found <= kMaxTextCharacters) return std::nullopt;
    const auto limit = with<"limit">(kMaxTextCharacters);
    if (field == Field::idempotency_key)
        return violation<Rule::idempotency_key_length>(name_of(event, field), limit, with<"found">(found));
    return violation<Rule::text_length>(name_of(event, field), limit, with<"found">(found));
}

// Texts of SQL may hold other bytes: those of a setting, or of a name.
Result check_encoding(const Event& event) {
    for (const TextField& text : kTextFields) {
        const std::string_view value = event.*text.member;
        if (!jsonb::is_utf8(value))
            return violation<Rule::text_encoding>(name_of(event, text.field), with<"found">(value));
    }
    return std::nullopt;
}

Result check_event_name(const Event& event, NamingPolicy policy) {
    const std::string_view field = name_of(event, Field::event_name);
    const std::string_view name = event.event_name;
    if (!given(name)) {
        if (!event.event_name_given) return violation<Rule::event_name_required>(field);
        return violation<Rule::event_name_blank>(field);
    }
    if (name.front() == '{' || name.front() == '[')
        return violation<Rule::event_name_json_literal>(field, with<"found">(name.substr(0, 1)));
    if (auto broken = check_length(event, Field::event_name, name)) return broken;
    if (follows(policy, name)) return std::nullopt;
    if (policy == NamingPolicy::strict) return violation<Rule::event_name_strict>(field, with<"found">(name));
    return violation<Rule::event_name_dotted>(field, with<"found">(name));
}

Result check_lengths(const Event& event) {
    for (const TextField& text : kTextFields) {
        if (!text.has_length_limit) continue;
        if (auto broken = check_length(event, text.field, event.*text.member)) return broken;
    }
    return std::nullopt;
}

Result check_metadata(const Event& event, const Limits& limits, size_t& bytes) {
    const std::string_view field = name_of(event, Field::metadata);
    const jsonb::Container& metadata = event.metadata;
    bytes = kBytesOfEmptyObject;
    if (!metadata.given()) return std::nullopt;
    if (!metadata.is_object())
        return violation<Rule::metadata_object>(field, with<"found">(noun_of(kind_of_root(metadata))));
    if (metadata.find(kReservedKey))
        return violation<Rule::metadata_reserved_key>(field, with<"key">(kReservedKey));
    if (metadata.count() > limits.metadata_keys)
        return violation<Rule::metadata_keys>(field, with<"limit">(limits.metadata_keys),
                                              with<"found">(metadata.count()));
    bool ascii = true;
    bytes = jsonb::canonical_size(metadata, ascii);
    if (bytes > limits.metadata_bytes)
        return violation<Rule::metadata_bytes>(field, with<"limit">(limits.metadata_bytes),
                                               with<"found">(bytes));
    if (!ascii && !jsonb::is_utf8(metadata)) return violation<Rule::metadata_encoding>(field);
    return std::nullopt;
}

// Checks that `missing` is given whenever `present` is.
template <Rule rule>
Violation half_pair(const Event& event, Field missing, Field present) {
    return violation<rule>(name_of(event, missing), with<"given">(name_of(event, present)));
}

Result check_pairs(const Event& event) {
    if (given(event.actor_type) && !given(event.actor_id))
        return half_pair<Rule::actor_pair>(event, Field::actor_id, Field::actor_type);
    if (given(event.resource_type) && !given(event.resource_id))
        return half_pair<Rule::resource_pair>(event, Field::resource_id, Field::resource_type);
    if (given(event.resource_id) && !given(event.resource_type))
        return half_pair<Rule::resource_pair>(event, Field::resource_type, Field::resource_id);
    return std::nullopt;
}

Result check_trace_id(const Event& event) {
    if (!given(event.trace_id) || is_trace_id(event.trace_id)) return std::nullopt;
    const std::string_view field = name_of(event, Field::trace_id);
    if (trace_id_of_traceparent(event.trace_id))
        return violation<Rule::trace_id_traceparent>(field, with<"found">(event.trace_id));
    return violation<Rule::trace_id_format>(field, with<"found">(event.trace_id));
}

Result check_schema_version(const Event& event) {
    if (!given(event.schema_version) || is_semver(event.schema_version)) return std::nullopt;
    return violation<Rule::schema_version_format>(name_of(event, Field::schema_version),
                                                  with<"found">(event.schema_version));
}

Result check_value(const Event& event) {
    if (!event.value || std::isfinite(*event.value)) return std::nullopt;
    const std::string_view found = std::isnan(*event.value) ? "NaN"
                                   : *event.value > 0       ? "infinity"
                                                            : "-infinity";
    return violation<Rule::value_finite>(name_of(event, Field::value), with<"found">(found));
}

Result check_event_ts(const Event& event) {
    if (event.event_ts == kTooLate) return violation<Rule::event_ts_range>(name_of(event, Field::event_ts));
    if (event.event_ts != kMinusInfinity && event.event_ts != kInfinity) return std::nullopt;
    const std::string_view found = event.event_ts == kInfinity ? "infinity" : "-infinity";
    return violation<Rule::event_ts_finite>(name_of(event, Field::event_ts), with<"found">(found));
}

}  // namespace

std::optional<Violation> validate(const Event& event, const Limits& limits, size_t& metadata_bytes) {
    if (auto broken = check_encoding(event)) return broken;
    if (auto broken = check_event_name(event, limits.naming_policy)) return broken;
    if (auto broken = check_lengths(event)) return broken;
    if (auto broken = check_metadata(event, limits, metadata_bytes)) return broken;
    if (auto broken = check_pairs(event)) return broken;
    if (auto broken = check_trace_id(event)) return broken;
    if (auto broken = check_schema_version(event)) return broken;
    if (auto broken = check_value(event)) return broken;
    return check_event_ts(event);
}

std::optional<Violation> validate_envelope_bytes(const Event& event, size_t bytes) {
    if (bytes <= kMaxEnvelopeBytes) return std::nullopt;
    return violation<Rule::envelope_bytes>(name_of(event, Field::metadata), with<"limit">(kMaxEnvelopeBytes),
                                           with<"found">(bytes));
}

}  // namespace eventlog::event
