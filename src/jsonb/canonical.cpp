#include "jsonb/canonical.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "jsonb/build.h"
#include "jsonb/escape.h"
#include "jsonb/layout.h"
#include "jsonb/numeric.h"

namespace eventlog::jsonb {
namespace {

constexpr std::string_view kEmptyObject = "{}";

// A stack whose first `N` elements need no allocation. Documents may be nested thousands of levels deep, so
// the walks keep their positions in such a stack and never recurse.
template <typename T, size_t N>
struct Stack {
    alignas(T) std::array<std::byte, N * sizeof(T)> buffer;
    std::pmr::monotonic_buffer_resource memory{buffer.data(), buffer.size()};
    std::pmr::vector<T> items{&memory};

    Stack() { items.reserve(N); }
};

// Adds up the sizes of the values of one container in stored order. Neighbouring strings have no padding
// between them, so a run of strings, like all keys of an object, is searched for escapes at once.
class SizeWalk {
  public:
    SizeWalk(const char* container, size_t& total, bool& ascii) : ascii_(&ascii) {
        const layout::Parts parts(container);
        data_ = parts.data;
        next_ = parts.entries;
        if ((parts.header & kScalarFlag) == 0) total += 2 + (parts.count > 0 ? parts.count - 1 : 0);
        if (parts.is_object()) {
            begin_ = parts.begin_of(parts.count);
            next_ += static_cast<size_t>(parts.count) * layout::kWord;
            total += measure({data_, begin_}) + static_cast<size_t>(parts.count) * kKeyPunctuation;
        }
        end_ = next_ + static_cast<size_t>(parts.count) * layout::kWord;
    }

    // Adds the sizes of values to `total`, until it reaches a nested container, which it returns, or the end,
    // where it returns null.
    const char* advance(size_t& total) {
        const char* next = next_;
        uint32_t begin = begin_;
        uint32_t run = begin;  // begin of the strings that have not been searched yet
        const char* nested = nullptr;
        size_t size = 0;
        while (next != end_ && nested == nullptr) {
            const uint32_t entry = layout::load_word(next);
            next += layout::kWord;
            const uint32_t end = layout::end_of(entry, begin);
            if (layout::is_padded(entry)) {
                size += measure({data_ + run, begin - run});
                run = end;
                const char* const value = data_ + layout::aligned(begin);
                if ((entry & kTypeMask) == kIsContainer) {
                    nested = value;
                } else {
                    size += Numeric({value, static_cast<size_t>(data_ + end - value)}).size();
                }
            } else {
                size += kUnpaddedSize[(entry & kTypeMask) / kIsNumeric];
            }
            begin = end;
        }
        total += size + measure({data_ + run, begin - run});
        next_ = next;
        begin_ = begin;
        return nested;
    }

  private:
    static constexpr size_t kKeyPunctuation = 3;  // two quotes and a colon
    // The sizes of the types in the order of their bits: the quotes of a string, and the literals.
    static constexpr std::array<uint8_t, 8> kUnpaddedSize = {2, 0, 5, 4, 4};

    size_t measure(std::string_view text) {
        const escape::Scan found = escape::scan(text);
        if (found.beyond_ascii) *ascii_ = false;
        return text.size() + (found.needs_escapes ? escape_growth(text) : 0);
    }

    const char* data_;
    const char* next_;
    const char* end_;
    bool* ascii_;
    uint32_t begin_ = 0;
};

size_t size_of(const char* container, bool& ascii) {
    size_t total = 0;
    SizeWalk root(container, total, ascii);
    const char* nested = root.advance(total);
    if (nested == nullptr) return total;

    Stack<SizeWalk, 32> stack;
    auto& open = stack.items;
    open.push_back(root);
    open.emplace_back(nested, total, ascii);
    while (!open.empty()) {
        nested = open.back().advance(total);
        if (nested != nullptr) {
            open.emplace_back(nested, total, ascii);
        } else {
            open.pop_back();
        }
    }
    return total;
}

void append_scalar(std::string& out, const Value& value, Numbers numbers) {
    switch (value.kind) {
        case Kind::string:
            return append_quoted(out, value.bytes);
        case Kind::number:
            return append_number(out, value.bytes, numbers);
        case Kind::boolean:
            out.append(value.boolean ? "true" : "false");
            return;
        default:
            out.append("null");
    }
}

// Writes a container. The sorted members of every open object are kept on a separate stack.
class TextWalk {
  public:
    TextWalk(std::string& out, Numbers numbers) : out_(out), numbers_(numbers) {}

    void write(const Container& container) {
        open(container);
        while (!levels_.empty()) {
            const Value* value = next();
            if (value == nullptr) {
                close();
            } else if (const Container nested = value->container(); nested.given()) {
                open(nested);
            } else {
                append_scalar(out_, *value, numbers_);
            }
        }
    }

  private:
    struct Level {
        Container container;
        Elements elements;  // if an array
        size_t first;       // first member of an object
        size_t next;
        bool started = false;
    };

    void open(const Container& container) {
        const size_t first = members_.size();
        if (container.is_object()) {
            out_.push_back('{');
            for (Pairs pairs(container); pairs.next();) members_.push_back({pairs.key(), pairs.value()});
            // The order by bytes is the order by code point in UTF-8.
            std::sort(members_.begin() + static_cast<ptrdiff_t>(first), members_.end(),
                      [](const Member& a, const Member& b) { return a.key < b.key; });
        } else if (container.is_array()) {
            out_.push_back('[');
        }
        levels_.push_back({container, Elements(container), first, first});
    }

    // Writes the separator and the key before the next value of the innermost container, and returns the
    // value. Returns null if there is none.
    const Value* next() {
        Level& level = levels_.back();
        const bool object = level.container.is_object();
        if (object ? level.next == members_.size() : !level.elements.next()) return nullptr;
        if (level.started) out_.push_back(',');
        level.started = true;
        if (!object) return &level.elements.value();
        const Member& member = members_[level.next++];
        append_quoted(out_, member.key);
        out_.push_back(':');
        return &member.value;
    }

    void close() {
        const Level& level = levels_.back();
        if (level.container.is_object()) {
            out_.push_back('}');
            members_.resize(level.first);
        } else if (level.container.is_array()) {
            out_.push_back(']');
        }
        levels_.pop_back();
    }

    std::string& out_;
    Numbers numbers_;
    Stack<Level, 16> level_stack_;
    Stack<Member, 64> member_stack_;
    std::pmr::vector<Level>& levels_ = level_stack_.items;
    std::pmr::vector<Member>& members_ = member_stack_.items;
};

}  // namespace

size_t canonical_size(const Container& container) {
    bool ascii = true;
    return canonical_size(container, ascii);
}

size_t canonical_size(const Container& container, bool& ascii) {
    return container.given() ? size_of(container.bytes().data(), ascii) : kEmptyObject.size();
}

size_t canonical_size(const Value& value) {
    switch (value.kind) {
        case Kind::array:
        case Kind::object:
            return canonical_size(value.container());
        case Kind::string:
            return quoted_size(value.bytes);
        case Kind::number:
            return number_size(value.bytes);
        case Kind::boolean:
            return value.boolean ? 4 : 5;
        default:
            return 4;
    }
}

void append_canonical(std::string& out, const Container& container, Numbers numbers) {
    if (container.given()) {
        TextWalk(out, numbers).write(container);
    } else {
        out.append(kEmptyObject);
    }
}

void append_canonical(std::string& out, const Value& value) {
    if (const Container container = value.container(); container.given()) {
        TextWalk(out, Numbers::as_stored).write(container);
    } else {
        append_scalar(out, value, Numbers::as_stored);
    }
}

}  // namespace eventlog::jsonb
