#include "event/envelope_values.h"

#include <charconv>
#include <span>
#include <string>

#include "event/iso8601.h"
#include "event/json_kind.h"
#include "event/normalise.h"
#include "event/stored_row.h"
#include "event/text_fields.h"
#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

using rules::Rule;
using rules::violation;
using rules::Violation;
using rules::with;
using Result = std::optional<Violation>;

Violation wrong_type(std::string_view key, jsonb::Kind expected, jsonb::Kind found) {
    return violation<Rule::envelope_type>(key, with<"expected">(noun_of(expected)),
                                          with<"found">(noun_of(found)));
}

// Returns whether the value has the type that the field accepts.
Result check_type(const Event& event, Field field, jsonb::Kind expected, const jsonb::Value& value) {
    if (value.kind == expected) return std::nullopt;
    return wrong_type(name_of(event, field), expected, value.kind);
}

// One of the two members of an object {type, id}.
struct Part {
    std::string_view key;
    std::string_view path;
    Field field;
};

constexpr Part kActorParts[] = {{"type", "actor.type", Field::actor_type},
                                {"id", "actor.id", Field::actor_id}};
constexpr Part kResourceParts[] = {{"type", "resource.type", Field::resource_type},
                                   {"id", "resource.id", Field::resource_id}};

const Part* find_part(std::span<const Part> parts, std::string_view key) {
    for (const Part& part : parts) {
        if (part.key == key) return &part;
    }
    return nullptr;
}

Result read_parts(std::span<const Part> parts, std::string_view object, Event& event,
                  const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::object) return wrong_type(object, jsonb::Kind::object, value.kind);
    for (const Part& part : parts) event.keys[static_cast<size_t>(part.field)] = part.path;
    for (jsonb::Pairs pairs(value.container()); pairs.next();) {
        if (pairs.value().kind == jsonb::Kind::null) continue;
        const Part* part = find_part(parts, pairs.key());
        if (part == nullptr) {
            const std::string path = std::string(object) + '.' + std::string(pairs.key());
            return violation<Rule::envelope_key_of_part>(path, with<"object">(object),
                                                         with<"key">(pairs.key()));
        }
        if (auto broken = read_text(event, part->field, pairs.value())) return broken;
    }
    for (const Part& part : parts) {
        if (is_missing(event, part.field))
            return violation<Rule::envelope_part_required>(part.path, with<"object">(object));
    }
    return std::nullopt;
}

}  // namespace

std::optional<Violation> read_text(Event& event, Field field, const jsonb::Value& value) {
    if (auto broken = check_type(event, field, jsonb::Kind::string, value)) return broken;
    event.*member_of(field) = value.bytes;
    return std::nullopt;
}

std::optional<Violation> read_metadata(Event& event, Field field, const jsonb::Value& value) {
    if (auto broken = check_type(event, field, jsonb::Kind::object, value)) return broken;
    event.metadata = value.container();
    return std::nullopt;
}

std::optional<Violation> read_origin(Event& event, Field field, const jsonb::Value& value) {
    const std::string_view key = name_of(event, field);
    if (value.kind != jsonb::Kind::string)
        return violation<Rule::envelope_origin>(key, with<"found">(noun_of(value.kind)));
    const std::string_view text = trim(value.bytes);
    if (text.empty()) return std::nullopt;
    for (const Origin origin : {Origin::backend, Origin::frontend}) {
        if (text != name_of(origin)) continue;
        event.origin = origin;
        return std::nullopt;
    }
    return violation<Rule::envelope_origin>(key, with<"found">(rules::quote(text)));
}

std::optional<Violation> read_event_ts(Event& event, Field field, const jsonb::Value& value) {
    if (auto broken = check_type(event, field, jsonb::Kind::string, value)) return broken;
    const std::string_view text = trim(value.bytes);
    if (text.empty()) return std::nullopt;
    event.event_ts = parse_iso8601(text);
    if (event.event_ts) return std::nullopt;
    if (has_other_year(text))
        return violation<Rule::envelope_timestamp_year>(name_of(event, field), with<"found">(text));
    return violation<Rule::envelope_timestamp>(name_of(event, field), with<"found">(text));
}

std::optional<Violation> read_value(Event& event, Field field, const jsonb::Value& value) {
    if (auto broken = check_type(event, field, jsonb::Kind::number, value)) return broken;
    std::string text;
    jsonb::append_number(text, value.bytes);
    double number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc())
        return violation<Rule::value_range>(name_of(event, field), with<"found">(text));
    event.value = number;
    return std::nullopt;
}

std::optional<Violation> read_forward_to_statsig(Event& event, Field field, const jsonb::Value& value) {
    if (auto broken = check_type(event, field, jsonb::Kind::boolean, value)) return broken;
    event.forward_to_statsig = value.boolean;
    return std::nullopt;
}

std::optional<Violation> read_actor(Event& event, Field, const jsonb::Value& value) {
    return read_parts(kActorParts, "actor", event, value);
}

std::optional<Violation> read_resource(Event& event, Field, const jsonb::Value& value) {
    return read_parts(kResourceParts, "resource", event, value);
}

bool is_missing(const Event& event, Field field) {
    if (field == Field::event_ts) return !event.event_ts;
    const std::string_view text = event.*member_of(field);
    return field == Field::event_name ? !given(text) : is_blank(text);
}

}  // namespace eventlog::event
