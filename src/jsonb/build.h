// Builds JSONB bytes without the server: small objects from plain members, and a copy of an object with one
// member added.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::jsonb {

struct Member {
    std::string_view key;
    Value value;
};

// Returns an upper bound for the bytes that `build_object` writes for these members.
size_t object_bound(std::span<const Member> members);
// Writes an object container to `out`, which must be four-byte aligned and hold `object_bound` bytes. Returns
// the size of the container in bytes. The keys of the members must be distinct and in stored order (by
// length, then by bytes).
size_t build_object(std::span<const Member> members, char* out);

// Returns an upper bound for the bytes that `add_member` writes.
size_t add_member_bound(const Container& object, const Member& member);
// Writes `object` with `member` added in the stored order, and returns the size in bytes. `object` must not
// have that key; an absent one counts as empty. Nested containers and numbers are copied, never parsed. `out`
// must be four-byte aligned and hold `add_member_bound` bytes.
size_t add_member(const Container& object, const Member& member, char* out);

}  // namespace eventlog::jsonb
