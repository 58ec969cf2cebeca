#include "event/stored_row.h"

#include "event/iso8601.h"
#include "event/json_number.h"
#include "jsonb/canonical.h"

namespace eventlog::event {
namespace {

constexpr size_t kUuidLength = 36;

// Appends the pieces of the JSON text that it is given.
class Writer {
  public:
    explicit Writer(std::string& out) : out_(out) {}

    void raw(std::string_view text) { out_ += text; }
    void string(std::string_view text) { jsonb::append_quoted(out_, text); }
    void number(double value) { append_double(out_, value); }
    void time(Micros time) { append_iso8601(out_, time); }
    void object(const jsonb::Container& object) { jsonb::append_canonical(out_, object); }
    void uuid(const ids::Uuid& id) {
        char text[kUuidLength];
        ids::format_uuid(id, text);
        out_.append(text, kUuidLength);
    }

  private:
    std::string& out_;
};

// Counts the bytes of the pieces that it is given.
class Counter {
  public:
    explicit Counter(size_t metadata_bytes) : metadata_bytes_(metadata_bytes) {}

    size_t bytes() const { return bytes_; }

    void raw(std::string_view text) { bytes_ += text.size(); }
    void string(std::string_view text) { bytes_ += jsonb::quoted_size(text); }
    void number(double value) { bytes_ += double_size(value); }
    void time(Micros time) { bytes_ += iso8601_size(time); }
    void object(const jsonb::Container&) { bytes_ += metadata_bytes_; }
    void uuid(const ids::Uuid&) { bytes_ += kUuidLength; }

  private:
    size_t metadata_bytes_;
    size_t bytes_ = 0;
};

// Writes the members of the object. Each member starts with the mark that precedes it: a brace for the
// first, else a comma.
template <typename Sink>
class Members {
  public:
    explicit Members(Sink& sink) : sink_(sink) {}

    void text(std::string_view key, std::string_view value) {
        if (!given(value)) return;
        start(key);
        sink_.string(value);
    }
    void uuid(std::string_view key, const ids::Uuid& value) {
        start(key);
        sink_.raw("\"");
        sink_.uuid(value);
        sink_.raw("\"");
    }
    void time(std::string_view key, Micros value) {
        start(key);
        sink_.raw("\"");
        sink_.time(value);
        sink_.raw("\"");
    }
    void number(std::string_view key, double value) {
        start(key);
        sink_.number(value);
    }
    void object(std::string_view key, const jsonb::Container& value) {
        start(key);
        sink_.object(value);
    }

  private:
    void start(std::string_view key) {
        sink_.raw(mark_);
        mark_ = ",";
        sink_.raw("\"");
        sink_.raw(key);
        sink_.raw("\":");
    }

    Sink& sink_;
    std::string_view mark_ = "{";
};

// The columns are in the order of their names, which canonical JSON requires.
template <typename Sink>
void write_row(Sink& sink, const StoredRow& row) {
    Members members(sink);
    members.text("actor_id", row.actor_id);
    members.text("actor_type", row.actor_type);
    members.text("app_version", row.app_version);
    members.uuid("event_id", row.event_id);
    members.text("event_name", row.event_name);
    members.time("event_ts", row.event_ts);
    members.text("event_type", row.event_type);
    members.time("ingested_at", row.ingested_at);
    members.object("metadata", row.metadata);
    members.text("origin", name_of(row.origin));
    members.text("resource_id", row.resource_id);
    members.text("resource_type", row.resource_type);
    members.text("schema_version", row.schema_version);
    members.text("sofa", row.sofa);
    members.text("source", row.source);
    if (row.tenant_id) members.uuid("tenant_id", *row.tenant_id);
    members.text("trace_id", row.trace_id);
    if (row.value) members.number("value", *row.value);
    sink.raw("}");
}

}  // namespace

std::string_view name_of(Origin origin) {
    return origin == Origin::frontend ? "frontend" : "backend";
}

void append_canonical(std::string& out, const StoredRow& row) {
    Writer writer(out);
    write_row(writer, row);
}

size_t canonical_size(const StoredRow& row, size_t metadata_bytes) {
    Counter counter(metadata_bytes);
    write_row(counter, row);
    return counter.bytes();
}

}  // namespace eventlog::event
