#include "event/problem.h"

#include <cstddef>

namespace eventlog::event {
namespace {

struct RuleEntry {
    Rule rule;
    std::string_view constraint;
    std::string_view sqlstate;
};

struct FieldEntry {
    Field field;
    std::string_view name;
};

// An enumerator and its name.
#define NAMED(type, name) type::name, #name

constexpr RuleEntry kRules[] = {
    {NAMED(Rule, event_name_required), "22004"},
    {NAMED(Rule, event_name_blank), "22023"},
    {NAMED(Rule, event_name_json_literal), "22023"},
    {NAMED(Rule, event_name_policy), "22023"},
    {NAMED(Rule, text_length), "22001"},
    {NAMED(Rule, metadata_object), "22023"},
    {NAMED(Rule, metadata_reserved_key), "42939"},
    {NAMED(Rule, metadata_keys), "54000"},
    {NAMED(Rule, metadata_bytes), "54000"},
    {NAMED(Rule, envelope_bytes), "54000"},
    {NAMED(Rule, actor_pair), "22023"},
    {NAMED(Rule, resource_pair), "22023"},
    {NAMED(Rule, trace_id_format), "22023"},
    {NAMED(Rule, schema_version_format), "22023"},
    {NAMED(Rule, value_finite), "22003"},
    {NAMED(Rule, event_ts_finite), "22008"},
    {NAMED(Rule, envelope_object), "22023"},
    {NAMED(Rule, envelope_form), "22023"},
    {NAMED(Rule, envelope_key), "22023"},
    {NAMED(Rule, envelope_required), "22004"},
    {NAMED(Rule, envelope_type), "22023"},
    {NAMED(Rule, envelope_timestamp), "22007"},
    {NAMED(Rule, events_array), "22023"},
    {NAMED(Rule, idempotency_key_reused), "23505"},
};

constexpr FieldEntry kFields[] = {
    {Field::none, ""},
    {NAMED(Field, event_name)},
    {NAMED(Field, event_type)},
    {NAMED(Field, source)},
    {NAMED(Field, origin)},
    {NAMED(Field, actor_type)},
    {NAMED(Field, actor_id)},
    {NAMED(Field, resource_type)},
    {NAMED(Field, resource_id)},
    {NAMED(Field, event_ts)},
    {NAMED(Field, value)},
    {NAMED(Field, metadata)},
    {NAMED(Field, schema_version)},
    {NAMED(Field, trace_id)},
    {NAMED(Field, app_version)},
    {NAMED(Field, sofa)},
    {NAMED(Field, forward_to_statsig)},
    {NAMED(Field, idempotency_key)},
};

#undef NAMED

// Whether a table's entries stand at the index of their enumerator, up to the enum's last.
template <typename Entry, size_t size, typename Enum>
consteval bool complete(const Entry (&table)[size], Enum Entry::*key, Enum last) {
    for (size_t i = 0; i < size; i++) {
        if (static_cast<size_t>(table[i].*key) != i) return false;
    }
    return table[size - 1].*key == last;
}

static_assert(complete(kRules, &RuleEntry::rule, Rule::idempotency_key_reused));
static_assert(complete(kFields, &FieldEntry::field, Field::idempotency_key));

}  // namespace

std::string_view name_of(Field field) {
    return kFields[static_cast<size_t>(field)].name;
}

std::string_view sqlstate_of(Rule rule) {
    return kRules[static_cast<size_t>(rule)].sqlstate;
}

std::string_view constraint_of(Rule rule) {
    return kRules[static_cast<size_t>(rule)].constraint;
}

}  // namespace eventlog::event
