#include "event/envelope_values.h"

#include <charconv>
#include <span>
#include <string>

#include "event/formats.h"
#include "event/normalise.h"
#include "event/stored_row.h"
#include "event/text_fields.h"
#include "event/wording.h"
#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

using Result = std::optional<Problem>;

Problem bad_value(Rule rule, Field field, std::string_view key, std::string_view what, std::string detail,
                  std::string_view hint = {}) {
    std::string message(key);
    message += what;
    return {rule, field, std::move(message), std::move(detail), std::string(hint)};
}

Problem wrong_type(Field field, std::string_view key, std::string_view what, jsonb::Kind found) {
    return bad_value(Rule::envelope_type, field, key, what, found_sentence(noun_of(found)));
}

// A part of {type, id}.
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

constexpr std::string_view kBothParts = "The object needs both type and id, and takes no other key.";

Result read_parts(std::span<const Part> parts, Event& event, Field field, std::string_view key,
                  const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::object) return wrong_type(field, key, " must be an object", value.kind);
    for (jsonb::Pairs pairs(value.container()); pairs.next();) {
        if (pairs.value().kind == jsonb::Kind::null) continue;
        const Part* part = find_part(parts, pairs.key());
        if (part == nullptr) {
            return bad_value(Rule::envelope_key, field, key, " has the unknown key " + quote(pairs.key()),
                             std::string(kBothParts));
        }
        if (auto problem = read_text(event, part->field, part->path, pairs.value())) return problem;
    }
    for (const Part& part : parts) {
        if (is_missing(event, part.field)) return missing_key(part.field, part.path, std::string(kBothParts));
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> read_text(Event& event, Field field, std::string_view key, const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::string) return wrong_type(field, key, " must be a string", value.kind);
    event.*member_of(field) = value.bytes;
    return std::nullopt;
}

std::optional<Problem> read_metadata(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::object) return wrong_type(field, key, " must be an object", value.kind);
    event.metadata = value.container();
    return std::nullopt;
}

std::optional<Problem> read_origin(Event& event, Field field, std::string_view key,
                                   const jsonb::Value& value) {
    constexpr std::string_view kRule = " must be \"backend\" or \"frontend\"";
    if (value.kind != jsonb::Kind::string) return wrong_type(field, key, kRule, value.kind);
    const std::string_view text = trim(value.bytes);
    if (text.empty()) return std::nullopt;
    for (const Origin origin : {Origin::backend, Origin::frontend}) {
        if (text != name_of(origin)) continue;
        event.origin = origin;
        return std::nullopt;
    }
    return bad_value(Rule::envelope_type, field, key, kRule, found_sentence(quote(text)));
}

std::optional<Problem> read_event_ts(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::string) return wrong_type(field, key, " must be a string", value.kind);
    const std::string_view text = trim(value.bytes);
    if (text.empty()) return std::nullopt;
    event.event_ts = parse_iso8601(text);
    if (event.event_ts) return std::nullopt;
    return bad_value(
        Rule::envelope_timestamp, field, key, " is not an ISO 8601 time", found_sentence(quote(text)),
        "Write it like 2026-11-20T08:15:30.250Z or 2026-11-20T09:15:30+01:00; UTC is meant where the "
        "offset is left out.");
}

std::optional<Problem> read_value(Event& event, Field field, std::string_view key,
                                  const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::number) return wrong_type(field, key, " must be a number", value.kind);
    std::string text;
    jsonb::append_number(text, value.bytes);
    double number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
        return bad_value(Rule::value_finite, field, key, " is out of range for type double precision",
                         found_sentence(quote(text)));
    }
    event.value = number;
    return std::nullopt;
}

std::optional<Problem> read_forward_to_statsig(Event& event, Field field, std::string_view key,
                                               const jsonb::Value& value) {
    if (value.kind != jsonb::Kind::boolean) return wrong_type(field, key, " must be a boolean", value.kind);
    event.forward_to_statsig = value.boolean;
    return std::nullopt;
}

std::optional<Problem> read_actor(Event& event, Field field, std::string_view key,
                                  const jsonb::Value& value) {
    return read_parts(kActorParts, event, field, key, value);
}

std::optional<Problem> read_resource(Event& event, Field field, std::string_view key,
                                     const jsonb::Value& value) {
    return read_parts(kResourceParts, event, field, key, value);
}

Problem missing_key(Field field, std::string_view key, std::string detail) {
    return bad_value(Rule::envelope_required, field, key, " is required", std::move(detail));
}

bool is_missing(const Event& event, Field field) {
    if (field == Field::event_ts) return !event.event_ts;
    const std::string_view text = event.*member_of(field);
    return field == Field::event_name ? !given(text) : trim(text).empty();
}

}  // namespace eventlog::event
