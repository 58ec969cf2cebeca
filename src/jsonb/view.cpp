#include "jsonb/view.h"

#include "jsonb/layout.h"

namespace eventlog::jsonb {

using layout::Parts;

Container Value::container() const {
    return kind == Kind::array || kind == Kind::object ? Container(bytes) : Container();
}

uint32_t Container::header() const {
    return given() ? layout::load_word(bytes_.data()) : 0;
}

std::optional<Value> Container::find(std::string_view key) const {
    if (!is_object()) return std::nullopt;
    const Parts parts(bytes_.data());
    const uint32_t place = parts.lower_bound(key);
    if (place == parts.count || parts.compare_key(place, key) != 0) return std::nullopt;
    const uint32_t index = place + parts.count;
    const uint32_t begin = parts.begin_of(index);
    return layout::value_of(parts.entry(index), parts.data, begin, begin + parts.length_of(index));
}

Pairs::Pairs(Container object) : object_(object) {
    if (object_.count() > 0) value_offset_ = Parts(object_.bytes().data()).begin_of(object_.count());
}

bool Pairs::next() {
    if (index_ >= object_.count()) return false;
    const Parts parts(object_.bytes().data());
    const uint32_t key_end = layout::end_of(parts.entry(index_), key_offset_);
    key_ = {parts.data + key_offset_, key_end - key_offset_};
    key_offset_ = key_end;

    const uint32_t entry = parts.entry(index_ + parts.count);
    const uint32_t value_end = layout::end_of(entry, value_offset_);
    value_ = layout::value_of(entry, parts.data, value_offset_, value_end);
    value_offset_ = value_end;
    ++index_;
    return true;
}

bool Elements::next() {
    if (index_ >= array_.count()) return false;
    const Parts parts(array_.bytes().data());
    const uint32_t entry = parts.entry(index_);
    const uint32_t end = layout::end_of(entry, offset_);
    value_ = layout::value_of(entry, parts.data, offset_, end);
    offset_ = end;
    ++index_;
    return true;
}

}  // namespace eventlog::jsonb
