#include "autonomous/message.h"

#include <array>
#include <cstring>
#include <iterator>

namespace eventlog::autonomous {
namespace {

using event::StoredRow;

constexpr std::string_view StoredRow::*kTexts[] = {
    &StoredRow::event_name, &StoredRow::event_type,    &StoredRow::source,      &StoredRow::actor_type,
    &StoredRow::actor_id,   &StoredRow::resource_type, &StoredRow::resource_id, &StoredRow::schema_version,
    &StoredRow::trace_id,   &StoredRow::app_version,   &StoredRow::sofa,
};

constexpr uint32_t kAbsent = UINT32_MAX;

// The fixed part of a message. The metadata and then the texts follow it.
struct alignas(8) Head {
    ids::Uuid event_id;
    ids::Uuid tenant_id;
    event::IdempotencyKey key;
    event::Micros event_ts;
    event::Micros ingested_at;
    double value;
    uint32_t metadata_bytes;
    uint32_t text_bytes[std::size(kTexts)];
    event::Origin origin;
    bool forward;
    bool has_tenant;
    bool has_key;
    bool has_value;
};

Head head_of(const Message& message) {
    const StoredRow& row = message.row;
    Head head{};
    head.event_id = row.event_id;
    head.has_tenant = row.tenant_id.has_value();
    head.tenant_id = row.tenant_id.value_or(ids::Uuid{});
    head.has_key = message.key.has_value();
    head.key = message.key.value_or(event::IdempotencyKey{});
    head.event_ts = row.event_ts;
    head.ingested_at = row.ingested_at;
    head.has_value = row.value.has_value();
    head.value = row.value.value_or(0);
    head.metadata_bytes = static_cast<uint32_t>(message.metadata.size());
    for (size_t i = 0; i < std::size(kTexts); i++) {
        std::string_view text = row.*kTexts[i];
        head.text_bytes[i] = event::given(text) ? static_cast<uint32_t>(text.size()) : kAbsent;
    }
    head.origin = row.origin;
    head.forward = message.forward;
    return head;
}

}  // namespace

size_t encoded_size(const Message& message) {
    size_t size = sizeof(Head) + message.metadata.size();
    for (auto text : kTexts) size += (message.row.*text).size();
    return size;
}

void encode(const Message& message, char* out) {
    const Head head = head_of(message);
    memcpy(out, &head, sizeof(head));
    out += sizeof(head);
    auto append = [&out](std::string_view bytes) {
        if (!bytes.empty()) memcpy(out, bytes.data(), bytes.size());
        out += bytes.size();
    };
    append(message.metadata);
    for (auto text : kTexts) append(message.row.*text);
}

Message decode(std::string_view bytes) {
    Head head;
    memcpy(&head, bytes.data(), sizeof(head));
    bytes.remove_prefix(sizeof(head));
    auto next = [&bytes](uint32_t size) {
        std::string_view piece = bytes.substr(0, size);
        bytes.remove_prefix(size);
        return piece;
    };
    Message message;
    StoredRow& row = message.row;
    row.event_id = head.event_id;
    if (head.has_tenant) row.tenant_id = head.tenant_id;
    if (head.has_key) message.key = head.key;
    row.event_ts = head.event_ts;
    row.ingested_at = head.ingested_at;
    if (head.has_value) row.value = head.value;
    row.origin = head.origin;
    message.forward = head.forward;
    message.metadata = next(head.metadata_bytes);
    for (size_t i = 0; i < std::size(kTexts); i++)
        if (head.text_bytes[i] != kAbsent) row.*kTexts[i] = next(head.text_bytes[i]);
    return message;
}

}  // namespace eventlog::autonomous
