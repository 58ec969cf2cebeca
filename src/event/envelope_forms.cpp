#include "event/envelope_forms.h"

#include <bitset>
#include <span>
#include <string>

#include "event/envelope_values.h"
#include "event/validate.h"
#include "event/json_kind.h"

namespace eventlog::event {
namespace {

using rules::Rule;
using rules::violation;
using rules::Violation;
using rules::with;

struct KeyRule {
    std::string_view key;
    Field field;
    ValueReader read;
    bool required = false;
};

struct Form {
    std::string_view name;
    std::span<const KeyRule> keys;  // the first key identifies the form
    std::string_view metadata_key;
    bool takes_sql_names;  // accepts snake_case besides lowerCamelCase
};

constexpr KeyRule kNativeKeys[] = {
    {"eventName", Field::event_name, read_text, true},
    {"eventType", Field::event_type, read_text},
    {"source", Field::source, read_text},
    {"origin", Field::origin, read_origin},
    {"actorType", Field::actor_type, read_text},
    {"actorId", Field::actor_id, read_text},
    {"resourceType", Field::resource_type, read_text},
    {"resourceId", Field::resource_id, read_text},
    {"eventTs", Field::event_ts, read_event_ts},
    {"value", Field::value, read_value},
    {"metadata", Field::metadata, read_metadata},
    {"schemaVersion", Field::schema_version, read_text},
    {"traceId", Field::trace_id, read_text},
    {"sofa", Field::sofa, read_text},
};

constexpr KeyRule kCentralKeys[] = {
    {"service", Field::source, read_text, true},
    {"eventType", Field::event_name, read_text, true},
    {"eventTimestamp", Field::event_ts, read_event_ts, true},
    {"actor", Field::actor_id, read_actor},
    {"resource", Field::resource_id, read_resource},
    {"metadata", Field::metadata, read_metadata},
};

constexpr KeyRule kPlatformKeys[] = {
    {"type", Field::event_name, read_text, true},
    {"source", Field::source, read_text, true},
    {"id", Field::idempotency_key, read_text},
    {"data", Field::metadata, read_metadata},
    {"schemaVersion", Field::schema_version, read_text},
    {"timestamp", Field::event_ts, read_event_ts},
    {"traceId", Field::trace_id, read_text},
};

constexpr KeyRule kKeysOfEveryForm[] = {
    {"idempotencyKey", Field::idempotency_key, read_text},
    {"forwardToStatsig", Field::forward_to_statsig, read_forward_to_statsig},
    {"appVersion", Field::app_version, read_text},
};

constexpr Form kForms[] = {
    {"native", kNativeKeys, "metadata", true},
    {"central", kCentralKeys, "metadata", false},
    {"platform", kPlatformKeys, "data", false},
};

// Explains why no form accepts a key that callers of other systems send.
enum class Refused : uint8_t { unknown, id, tenant, reserved };

Refused reason_for(std::string_view key) {
    if (key == "id" || key == "eventId" || key == "event_id") return Refused::id;
    if (key == "tenantId" || key == "tenant_id") return Refused::tenant;
    return key == kReservedKey ? Refused::reserved : Refused::unknown;
}

// The form of an envelope, and the key that identified it, as the caller spelled it.
struct Recognised {
    const Form* form = nullptr;
    std::string_view key;
};

bool is_present(const jsonb::Container& envelope, std::string_view key) {
    const auto value = envelope.find(key);
    return value && value->kind != jsonb::Kind::null;
}

// Returns the key of the envelope that identifies `form`, or a view without data.
std::string_view telling_key(const jsonb::Container& envelope, const Form& form) {
    const KeyRule& rule = form.keys.front();
    if (is_present(envelope, rule.key)) return rule.key;
    if (form.takes_sql_names && is_present(envelope, name_of(rule.field))) return name_of(rule.field);
    return {};
}

Violation not_recognised() {
    std::string keys;
    std::string uses;
    for (const Form& form : kForms) {
        const std::string key = rules::quote(form.keys.front().key);
        keys += keys.empty() ? key : ", " + key;
        uses += uses.empty() ? key : ", " + key;
        uses += " for the " + std::string(form.name) + " form";
    }
    return violation<Rule::envelope_form>("envelope", with<"keys">(keys), with<"uses">(uses));
}

Violation of_two_forms(const Recognised& one, const Recognised& other) {
    return violation<Rule::envelope_two_forms>(other.key, with<"form">(other.form->name),
                                               with<"other">(one.key), with<"other_form">(one.form->name));
}

std::optional<Violation> recognise(const jsonb::Container& envelope, Recognised& recognised) {
    for (const Form& form : kForms) {
        const std::string_view key = telling_key(envelope, form);
        if (!given(key)) continue;
        if (recognised.form != nullptr) {
            // An event of list_events() has the keys of two forms, and an id.
            if (is_present(envelope, "eventId")) return violation<Rule::envelope_listed>("eventId");
            return of_two_forms(recognised, {&form, key});
        }
        recognised = {&form, key};
    }
    if (recognised.form == nullptr) return not_recognised();
    return std::nullopt;
}

const KeyRule* find_rule(const Form& form, std::string_view key) {
    for (const std::span<const KeyRule> keys : {form.keys, std::span<const KeyRule>(kKeysOfEveryForm)}) {
        for (const KeyRule& rule : keys) {
            if (key == rule.key || (form.takes_sql_names && key == name_of(rule.field))) return &rule;
        }
    }
    return nullptr;
}

// The form's own keys for the fields, in the spelling of the key that identified the form.
void name_fields(Event& event, const Recognised& recognised) {
    const bool sql_names = recognised.key == name_of(recognised.form->keys.front().field);
    for (const std::span<const KeyRule> keys :
         {std::span<const KeyRule>(kKeysOfEveryForm), recognised.form->keys})
        for (const KeyRule& rule : keys)
            event.keys[static_cast<size_t>(rule.field)] =
                recognised.form->takes_sql_names && sql_names ? name_of(rule.field) : rule.key;
}

Violation unknown_key(const Recognised& recognised, std::string_view key) {
    switch (reason_for(key)) {
        case Refused::id:
            return violation<Rule::envelope_key_of_id>(key);
        case Refused::tenant:
            return violation<Rule::envelope_key_of_tenant>(key);
        case Refused::reserved:
            return violation<Rule::envelope_key_reserved>(key);
        case Refused::unknown:
            break;
    }
    return violation<Rule::envelope_key>(key, with<"told_by">(recognised.key),
                                         with<"form">(recognised.form->name),
                                         with<"metadata">(recognised.form->metadata_key));
}

}  // namespace

Violation not_an_envelope(jsonb::Kind found) {
    if (found == jsonb::Kind::array) return violation<Rule::envelope_array>("envelope");
    return violation<Rule::envelope_object>("envelope", with<"found">(noun_of(found)));
}

std::optional<Violation> read_envelope(const jsonb::Container& envelope, Event& event) {
    if (!envelope.is_object()) return not_an_envelope(kind_of_root(envelope));
    Recognised recognised;
    if (auto broken = recognise(envelope, recognised)) return broken;
    name_fields(event, recognised);

    std::bitset<kFields> read;
    for (jsonb::Pairs pairs(envelope); pairs.next();) {
        if (pairs.value().kind == jsonb::Kind::null) continue;
        const KeyRule* rule = find_rule(*recognised.form, pairs.key());
        if (rule == nullptr) return unknown_key(recognised, pairs.key());
        const auto field = static_cast<size_t>(rule->field);
        std::string_view& key = event.keys[field];
        if (read.test(field))
            return violation<Rule::envelope_key_twice>(pairs.key(), with<"other">(key),
                                                       with<"meaning">(name_of(rule->field)));
        read.set(field);
        key = pairs.key();
        if (auto broken = rule->read(event, rule->field, pairs.value())) return broken;
    }

    for (const KeyRule& rule : recognised.form->keys) {
        if (rule.required && is_missing(event, rule.field))
            return violation<Rule::envelope_required>(name_of(event, rule.field),
                                                      with<"told_by">(recognised.key),
                                                      with<"form">(recognised.form->name));
    }
    return std::nullopt;
}

}  // namespace eventlog::event
