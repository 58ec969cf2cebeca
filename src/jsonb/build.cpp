#include "jsonb/build.h"

#include <cstring>

#include "jsonb/layout.h"

namespace eventlog::jsonb {
namespace {

uint32_t type_of(const Value& value) {
    switch (value.kind) {
        case Kind::string:
            return kIsString;
        case Kind::number:
            return kIsNumeric;
        case Kind::boolean:
            return value.boolean ? kIsTrue : kIsFalse;
        case Kind::array:
        case Kind::object:
            return kIsContainer;
        default:
            return kIsNull;
    }
}

// Reads the entries of an existing object one after the other.
struct Source {
    layout::Parts parts;
    uint32_t index = 0;
    uint32_t offset = 0;

    uint32_t peek() const { return parts.entry(index); }
    void skip_to(uint32_t end) {
        offset = end;
        ++index;
    }
};

// Writes an object from front to back: all keys, then all values.
class Writer {
  public:
    Writer(char* out, uint32_t pairs) : out_(out), entry_(out + layout::kWord) {
        layout::store_word(out, kObjectFlag | pairs);
        data_ = entry_ + static_cast<size_t>(pairs) * 2 * layout::kWord;
    }

    size_t size() const { return static_cast<size_t>(data_ - out_) + offset_; }

    void put_key(std::string_view key) { put({Kind::string, false, key}); }

    void put(const Value& value) {
        const uint32_t type = type_of(value);
        const uint32_t padding = layout::is_padded(type) ? layout::aligned(offset_) - offset_ : 0;
        char* const at = data_ + offset_;
        std::memset(at, 0, padding);
        if (!value.bytes.empty()) std::memcpy(at + padding, value.bytes.data(), value.bytes.size());
        put_entry(type, padding + static_cast<uint32_t>(value.bytes.size()));
    }

    // Copies `count` entries. The padding can change only in the first padded one. Behind it the data have
    // the same distance to a multiple of four as in the source.
    void copy(Source& from, uint32_t count) {
        if ((offset_ - from.offset) % layout::kWord != 0) {
            count -= copy_run(from, count, true);
            if (count == 0) return;
            const uint32_t entry = from.peek();
            const uint32_t end = layout::end_of(entry, from.offset);
            put(layout::value_of(entry, from.parts.data, from.offset, end));
            from.skip_to(end);
            --count;
        }
        copy_run(from, count, false);
    }

  private:
    // Copies entries and their data unchanged, either all of them or those before the first padded one.
    // Returns their number.
    uint32_t copy_run(Source& from, uint32_t count, bool stop_at_padded) {
        char* const at = data_ + offset_;
        const uint32_t begin = from.offset;
        uint32_t copied = 0;
        for (; copied < count; ++copied) {
            const uint32_t entry = from.peek();
            if (stop_at_padded && layout::is_padded(entry)) break;
            const uint32_t end = layout::end_of(entry, from.offset);
            put_entry(entry & kTypeMask, end - from.offset);
            from.skip_to(end);
        }
        std::memcpy(at, from.parts.data + begin, from.offset - begin);
        return copied;
    }

    void put_entry(uint32_t type, uint32_t length) {
        offset_ += length;
        layout::store_word(entry_, type | (index_ % kOffsetStride == 0 ? kHasOffset | offset_ : length));
        entry_ += layout::kWord;
        ++index_;
    }

    char* out_;
    char* entry_;
    char* data_;
    uint32_t index_ = 0;
    uint32_t offset_ = 0;
};

size_t member_bound(const Member& member) {
    return 2 * layout::kWord + member.key.size() + layout::kMaxPadding + member.value.bytes.size();
}

}  // namespace

size_t object_bound(std::span<const Member> members) {
    size_t bound = layout::kWord;
    for (const Member& member : members) bound += member_bound(member);
    return bound;
}

size_t build_object(std::span<const Member> members, char* out) {
    Writer writer(out, static_cast<uint32_t>(members.size()));
    for (const Member& member : members) writer.put_key(member.key);
    for (const Member& member : members) writer.put(member.value);
    return writer.size();
}

size_t add_member_bound(const Container& object, const Member& member) {
    const size_t before = object.given() ? object.bytes().size() : layout::kWord;
    // The values before the new one and those behind it may each need more padding.
    return before + member_bound(member) + 2 * layout::kMaxPadding;
}

size_t add_member(const Container& object, const Member& member, char* out) {
    if (!object.given()) return build_object({&member, 1}, out);
    Source from{layout::Parts(object.bytes().data())};
    const uint32_t count = from.parts.count;
    const uint32_t place = from.parts.lower_bound(member.key);

    Writer writer(out, count + 1);
    writer.copy(from, place);
    writer.put_key(member.key);
    writer.copy(from, count - place);
    writer.copy(from, place);
    writer.put(member.value);
    writer.copy(from, count - place);
    return writer.size();
}

}  // namespace eventlog::jsonb
