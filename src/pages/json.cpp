#include "pages/json.h"

#include "event/iso8601.h"
#include "event/validate.h"
#include "ids/ulid.h"
#include "pg/boundary.h"

namespace eventlog::pages {
namespace {

constexpr size_t kUuidLength = 36;

// An event with its times as ISO 8601 text in UTC.
struct ShownEvent {
    event::StoredRow row;
    std::string_view event_ts;
    std::string_view ingested_at;
};

struct Times {
    std::string event_ts;
    std::string ingested_at;
};

// Builds a JSONB document from front to back, without copying nested values.
class Builder {
  public:
    void begin(JsonbIteratorToken token) { pushJsonbValue(&state_, token, nullptr); }
    JsonbValue* end(JsonbIteratorToken token) { return pushJsonbValue(&state_, token, nullptr); }
    void key(std::string_view key) {
        JsonbValue value = string_of(key);
        pushJsonbValue(&state_, WJB_KEY, &value);
    }
    void value(JsonbValue value) { pushJsonbValue(&state_, WJB_VALUE, &value); }

    void null(std::string_view name) {
        key(name);
        JsonbValue none{};
        none.type = jbvNull;
        value(none);
    }
    void text(std::string_view name, std::string_view text) {
        if (!event::given(text)) return null(name);
        key(name);
        value(string_of(text));
    }
    void uuid(std::string_view name, const ids::Uuid& id) {
        auto* characters = static_cast<char*>(palloc(kUuidLength));
        ids::format_uuid(id, characters);
        text(name, {characters, kUuidLength});
    }
    void ulid(std::string_view name, const ids::Uuid& id) {
        auto* characters = static_cast<char*>(palloc(ids::kUlidLength));
        ids::format_ulid(id, characters);
        text(name, {characters, ids::kUlidLength});
    }
    void number(std::string_view name, double number) {
        char digits[DOUBLE_SHORTEST_DECIMAL_LEN];
        double_to_shortest_decimal_buf(number, digits);
        JsonbValue value{};
        value.type = jbvNumeric;
        value.val.numeric = DatumGetNumeric(DirectFunctionCall3(
            numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
        key(name);
        this->value(value);
    }

  private:
    static JsonbValue string_of(std::string_view text) {
        JsonbValue value{};
        value.type = jbvString;
        value.val.string.val = const_cast<char*>(text.data());
        value.val.string.len = static_cast<int>(text.size());
        return value;
    }

    JsonbParseState* state_ = nullptr;
};

void put_party(Builder& out, std::string_view name, std::string_view type, std::string_view id) {
    if (!event::given(type) && !event::given(id)) return out.null(name);
    out.key(name);
    out.begin(WJB_BEGIN_OBJECT);
    out.text("type", type);
    out.text("id", id);
    out.end(WJB_END_OBJECT);
}

// Writes the metadata that the caller gave, which is all but the reserved key.
void put_metadata(Builder& out, const jsonb::Container& metadata) {
    out.key("metadata");
    out.begin(WJB_BEGIN_OBJECT);
    auto* container = reinterpret_cast<JsonbContainer*>(const_cast<char*>(metadata.bytes().data()));
    JsonbIterator* members = JsonbIteratorInit(container);
    JsonbValue part;
    JsonbIteratorToken token = JsonbIteratorNext(&members, &part, true);
    while ((token = JsonbIteratorNext(&members, &part, true)) == WJB_KEY) {
        std::string_view key(part.val.string.val, static_cast<size_t>(part.val.string.len));
        JsonbIteratorNext(&members, &part, true);
        if (key == event::kReservedKey) continue;
        out.key(key);
        out.value(part);
    }
    out.end(WJB_END_OBJECT);
}

void put_event(Builder& out, const ShownEvent& event) {
    const event::StoredRow& row = event.row;
    out.begin(WJB_BEGIN_OBJECT);
    out.ulid("id", row.event_id);
    out.uuid("eventId", row.event_id);
    out.text("eventName", row.event_name);
    out.text("eventType", event::given(row.event_type) ? row.event_type : row.event_name);
    out.text("service", row.source);
    put_party(out, "actor", row.actor_type, row.actor_id);
    put_party(out, "resource", row.resource_type, row.resource_id);
    row.tenant_id ? out.uuid("tenantId", *row.tenant_id) : out.null("tenantId");
    out.text("eventTimestamp", event.event_ts);
    out.text("createdAt", event.ingested_at);
    row.value ? out.number("value", *row.value) : out.null("value");
    put_metadata(out, row.metadata);
    out.text("schemaVersion", row.schema_version);
    out.text("traceId", row.trace_id);
    out.end(WJB_END_OBJECT);
}

event::StoredRow event_of(const Page& page, HeapTuple row) {
    Datum values[logs::kEventColumns];
    bool nulls[logs::kEventColumns];
    for (int column = 0; column < logs::kEventColumns; column++)
        values[column] = heap_getattr(row, page.attributes.numbers[column], page.columns, &nulls[column]);
    return logs::event_of(values, nulls);
}

// Returns {"data": {"events": […], "nextCursor": … | null}}.
Jsonb* page_json(std::span<const ShownEvent> events, const std::optional<ids::Uuid>& next_cursor) {
    Builder out;
    out.begin(WJB_BEGIN_OBJECT);
    out.key("data");
    out.begin(WJB_BEGIN_OBJECT);
    out.key("events");
    out.begin(WJB_BEGIN_ARRAY);
    for (const ShownEvent& event : events) put_event(out, event);
    out.end(WJB_END_ARRAY);
    next_cursor ? out.ulid("nextCursor", *next_cursor) : out.null("nextCursor");
    out.end(WJB_END_OBJECT);
    return JsonbValueToJsonb(out.end(WJB_END_OBJECT));
}

}  // namespace

Jsonb* json_of(const Page& page, MemoryContext result) {
    std::vector<ShownEvent> events;
    std::vector<Times> times(page.rows.size());
    events.reserve(page.rows.size());
    for (HeapTuple tuple : page.rows) {
        ShownEvent shown{pg::call([&] { return event_of(page, tuple); }), {}, {}};
        Times& texts = times[events.size()];
        event::append_iso8601(texts.event_ts, shown.row.event_ts);
        event::append_iso8601(texts.ingested_at, shown.row.ingested_at);
        shown.event_ts = texts.event_ts;
        shown.ingested_at = texts.ingested_at;
        events.push_back(shown);
    }
    return pg::call([&] {
        MemoryContextSwitchTo(result);
        return page_json(events, page.next);
    });
}

}  // namespace eventlog::pages
