// Read-only views of PostgreSQL's binary JSONB format, without the server's headers.
//
//     jsonb::Container object(bytes);
//     for (jsonb::Pairs it(object); it.next();) use(it.key(), it.value());
//
// The layout is the one that PostgreSQL 9.4 and later store on disk (src/include/utils/jsonb.h).
// store/jsonb_layout.cpp compares the constants with the server's at compile time. The views do not validate
// their input, so it must come from the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace eventlog::jsonb {

inline constexpr uint32_t kOffLenMask = 0x0FFFFFFF;
inline constexpr uint32_t kTypeMask = 0x70000000;
inline constexpr uint32_t kHasOffset = 0x80000000;
inline constexpr uint32_t kIsString = 0x00000000;
inline constexpr uint32_t kIsNumeric = 0x10000000;
inline constexpr uint32_t kIsFalse = 0x20000000;
inline constexpr uint32_t kIsTrue = 0x30000000;
inline constexpr uint32_t kIsNull = 0x40000000;
inline constexpr uint32_t kIsContainer = 0x50000000;
inline constexpr uint32_t kOffsetStride = 32;
inline constexpr uint32_t kCountMask = 0x0FFFFFFF;
inline constexpr uint32_t kScalarFlag = 0x10000000;
inline constexpr uint32_t kObjectFlag = 0x20000000;
inline constexpr uint32_t kArrayFlag = 0x40000000;

enum class Kind : uint8_t { null, boolean, string, number, array, object };

class Container;

// One value inside a container. `bytes` holds the text of a string, the Numeric datum of a number (with its
// four-byte varlena header), or the container of an array or object. It is empty for other kinds.
struct Value {
    Kind kind = Kind::null;
    bool boolean = false;
    std::string_view bytes;

    Container container() const;
};

// An array or object, or the array of one element that wraps a scalar at the root. The bytes are those that
// follow the varlena header of a JSONB datum, or a nested container. A default-constructed container is
// absent, which is not the same as empty.
class Container {
  public:
    Container() = default;
    explicit Container(std::string_view bytes) : bytes_(bytes) {}

    bool given() const { return bytes_.data() != nullptr; }
    bool is_object() const { return (header() & kObjectFlag) != 0; }
    bool is_scalar() const { return (header() & kScalarFlag) != 0; }
    bool is_array() const { return (header() & kArrayFlag) != 0 && !is_scalar(); }
    // Returns the number of pairs of an object or elements of an array; 0 if absent.
    uint32_t count() const { return given() ? header() & kCountMask : 0; }
    std::string_view bytes() const { return bytes_; }

    // Finds the value of an object's key by binary search in the stored order (by length, then by bytes).
    // Returns nothing if the object lacks the key.
    std::optional<Value> find(std::string_view key) const;

  private:
    uint32_t header() const;
    std::string_view bytes_;
};

// Walks the pairs of an object in stored order (by key length, then by bytes).
class Pairs {
  public:
    explicit Pairs(Container object);
    bool next();
    std::string_view key() const { return key_; }
    const Value& value() const { return value_; }

  private:
    Container object_;
    uint32_t index_ = 0;
    uint32_t key_offset_ = 0;
    uint32_t value_offset_ = 0;
    std::string_view key_;
    Value value_;
};

// Walks the elements of an array, or the one element of a wrapped scalar.
class Elements {
  public:
    explicit Elements(Container array) : array_(array) {}
    bool next();
    const Value& value() const { return value_; }

  private:
    Container array_;
    uint32_t index_ = 0;
    uint32_t offset_ = 0;
    Value value_;
};

}  // namespace eventlog::jsonb
