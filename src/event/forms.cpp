#include "event/forms.h"

#include <array>
#include <span>
#include <string>

#include "event/envelope_values.h"
#include "event/validate.h"
#include "event/wording.h"

namespace eventlog::event {
namespace {

struct KeyRule {
    std::string_view key;
    Field field;
    ValueReader read;
    bool required = false;
};

struct Form {
    std::string_view name;
    std::span<const KeyRule> keys;  // the first tells the form
    std::string_view metadata_key;
    bool takes_sql_names;  // snake_case beside lowerCamelCase
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

// Keys that callers of other systems send, and why no form takes them here.
struct RefusedKey {
    std::string_view key;
    std::string_view detail;
    std::string_view hint;
};

constexpr std::string_view kIdDetail = "The extension makes the id of an event.";
constexpr std::string_view kIdHint = "To make a repeated call harmless, give idempotencyKey.";
constexpr std::string_view kTenantDetail = "The tenant is taken from the trusted context only.";
constexpr std::string_view kTenantHint = "Have the gateway call eventlog.set_context with the tenant's id.";

constexpr RefusedKey kRefusedKeys[] = {
    {"id", kIdDetail, kIdHint},
    {"eventId", kIdDetail, kIdHint},
    {"event_id", kIdDetail, kIdHint},
    {"tenantId", kTenantDetail, kTenantHint},
    {"tenant_id", kTenantDetail, kTenantHint},
    {kReservedKey, "The extension fills this key itself.", "Leave the key out."},
};

// The form of an envelope, and the key that told it, as the caller spelled it.
struct Recognised {
    const Form* form = nullptr;
    std::string_view key;
};

bool is_present(const jsonb::Container& envelope, std::string_view key) {
    const auto value = envelope.find(key);
    return value && value->kind != jsonb::Kind::null;
}

// The key of the envelope that tells `form`, or a view without data.
std::string_view telling_key(const jsonb::Container& envelope, const Form& form) {
    const KeyRule& rule = form.keys.front();
    if (is_present(envelope, rule.key)) return rule.key;
    if (form.takes_sql_names && is_present(envelope, name_of(rule.field))) return name_of(rule.field);
    return {};
}

// "An envelope with the key "type" is of the platform form."
std::string form_sentence(const Recognised& recognised) {
    std::string text = "An envelope with the key " + quote(recognised.key) + " is of the ";
    text += recognised.form->name;
    text += " form.";
    return text;
}

Problem not_recognised() {
    std::string keys;
    std::string uses;
    for (const Form& form : kForms) {
        const std::string_view separator = keys.empty() ? "" : ", ";
        keys.append(separator) += quote(form.keys.front().key);
        uses.append(separator) += quote(form.keys.front().key) + " for the ";
        uses.append(form.name) += " form";
    }
    return {Rule::envelope_form, Field::none, "envelope has none of the keys that tell its form: " + keys, "",
            "Use " + uses + "."};
}

Problem of_two_forms(const Recognised& one, const Recognised& other) {
    return {Rule::envelope_form, Field::none,
            "envelope has the keys of two forms: " + quote(one.key) + " and " + quote(other.key),
            form_sentence(one) + " " + form_sentence(other), "Leave one of the keys out."};
}

std::optional<Problem> recognise(const jsonb::Container& envelope, Recognised& recognised) {
    for (const Form& form : kForms) {
        const std::string_view key = telling_key(envelope, form);
        if (!given(key)) continue;
        if (recognised.form != nullptr) return of_two_forms(recognised, {&form, key});
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

Problem unknown_key(const Recognised& recognised, std::string_view key) {
    const std::string message = "envelope must not have the key " + quote(key);
    for (const RefusedKey& refused : kRefusedKeys) {
        if (key != refused.key) continue;
        return {Rule::envelope_key, Field::none, message, std::string(refused.detail),
                std::string(refused.hint)};
    }
    return {Rule::envelope_key, Field::none, message,
            form_sentence(recognised) + " That form has no such key.",
            "Put data of the event's own into " + quote(recognised.form->metadata_key) + "."};
}

Problem given_twice(Field field, std::string_view first, std::string_view second) {
    std::string detail = "Both keys stand for ";
    detail += name_of(field);
    return {Rule::envelope_key, field, "envelope has both " + quote(first) + " and " + quote(second),
            detail + ".", "Leave one of the keys out."};
}

}  // namespace

Problem not_an_envelope(jsonb::Kind found) {
    const bool array = found == jsonb::Kind::array;
    return {Rule::envelope_object, Field::none, "envelope is not a JSON object",
            found_sentence(noun_of(found)),
            array ? "To log an array of envelopes, use eventlog.log_events." : ""};
}

std::optional<Problem> read_envelope(const jsonb::Container& envelope, Event& event) {
    if (!envelope.is_object()) return not_an_envelope(kind_of_root(envelope));
    Recognised recognised;
    if (auto problem = recognise(envelope, recognised)) return problem;

    std::array<std::string_view, static_cast<size_t>(Field::idempotency_key) + 1> keys_of_fields;
    for (jsonb::Pairs pairs(envelope); pairs.next();) {
        if (pairs.value().kind == jsonb::Kind::null) continue;
        const KeyRule* rule = find_rule(*recognised.form, pairs.key());
        if (rule == nullptr) return unknown_key(recognised, pairs.key());
        std::string_view& key = keys_of_fields[static_cast<size_t>(rule->field)];
        if (given(key)) return given_twice(rule->field, key, pairs.key());
        key = pairs.key();
        if (auto problem = rule->read(event, rule->field, key, pairs.value())) return problem;
    }

    for (const KeyRule& rule : recognised.form->keys) {
        if (rule.required && is_missing(event, rule.field)) {
            return missing_key(rule.field, rule.key, form_sentence(recognised));
        }
    }
    return std::nullopt;
}

}  // namespace eventlog::event
