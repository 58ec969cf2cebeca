// An event that is ready to be written, as bytes for another process that runs the same library.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "event/idempotency.h"
#include "event/stored_row.h"

namespace eventlog::autonomous {

// Views; `row.metadata` is not carried, the datum that it views is.
struct Message {
    event::StoredRow row;
    std::string_view metadata;  // a JSONB datum with its length word
    bool forward = false;
    std::optional<event::IdempotencyKey> key;
};

size_t encoded_size(const Message& message);
// Writes encoded_size(message) bytes to `out`.
void encode(const Message& message, char* out);
// Decodes bytes that are aligned to eight. The message views them, and its metadata is aligned to eight too.
Message decode(std::string_view bytes);

}  // namespace eventlog::autonomous
