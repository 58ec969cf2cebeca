// Builds JSONB bytes without the server: small objects from plain members, and an object with one member
// more.
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

// An upper bound of what `build_object` writes for these members.
size_t object_bound(std::span<const Member> members);
// Writes an object container to `out`, which is four-byte aligned and `object_bound` bytes long; returns its
// size in bytes. The members' keys are distinct and in stored order (by length, then bytes).
size_t build_object(std::span<const Member> members, char* out);

// An upper bound of what `add_member` writes.
size_t add_member_bound(const Container& object, const Member& member);
// Writes `object` with `member` added, keeping the stored order. `object` is an object without that key, or
// absent (taken as empty). The nested containers and numbers are copied, never parsed. Same demands on `out`
// as above.
size_t add_member(const Container& object, const Member& member, char* out);

}  // namespace eventlog::jsonb
