// JSONB bytes from JSON text, for tests: what the server's jsonb_in would make of it.
//
//     const test::Jsonb json(R"({"n": 1.50, "list": [true, null]})");
//     use(json.container());
//
// The escape \u is not read; the last value of a repeated key counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jsonb/build.h"
#include "jsonb/view.h"

namespace eventlog::test {

template <typename Word>
void append_word(std::string& out, Word word) {
    out.append(reinterpret_cast<const char*>(&word), sizeof(word));
}

// A Numeric datum of a JSON number's text: base-10000 digits behind the short header, or the long one where
// that is needed.
inline std::string numeric(std::string_view number) {
    const bool negative = number.starts_with('-');
    if (negative) number.remove_prefix(1);
    const size_t e = number.find_first_of("eE");
    const int exponent =
        e == std::string_view::npos ? 0 : std::atoi(std::string(number.substr(e + 1)).c_str());
    std::string digits(number.substr(0, e));
    const size_t dot = digits.find('.');
    const int fraction = dot == std::string::npos ? 0 : static_cast<int>(digits.size() - dot - 1);
    if (dot != std::string::npos) digits.erase(dot, 1);
    const int scale = std::max(0, fraction - exponent);

    int point = static_cast<int>(digits.size()) - fraction +
                exponent;  // of the digits, how many stand before the point
    while (point % 4 != 0) {
        digits.insert(0, "0");
        point++;
    }
    digits.append((4 - digits.size() % 4) % 4, '0');
    std::vector<int16_t> groups;
    for (size_t i = 0; i < digits.size(); i += 4) {
        groups.push_back(static_cast<int16_t>(std::atoi(digits.substr(i, 4).c_str())));
    }
    int weight = point / 4 - 1;
    while (!groups.empty() && groups.front() == 0) {
        groups.erase(groups.begin());
        weight--;
    }
    while (!groups.empty() && groups.back() == 0) groups.pop_back();
    if (groups.empty()) weight = 0;

    std::string body;
    if (scale <= 63 && weight >= -64 && weight <= 63) {
        const int sign = negative && !groups.empty() ? 0x2000 : 0;
        append_word(body, static_cast<uint16_t>(0x8000 | sign | scale << 7 | (weight & 0x7F)));
    } else {
        append_word(body, static_cast<uint16_t>((negative && !groups.empty() ? 0x4000 : 0) | scale));
        append_word(body, static_cast<int16_t>(weight));
    }
    for (const int16_t group : groups) append_word(body, group);

    std::string datum;
    append_word(datum, static_cast<uint32_t>((body.size() + sizeof(uint32_t)) << 2));
    return datum + body;
}

class Jsonb {
  public:
    // Throws std::invalid_argument when the text is no JSON.
    explicit Jsonb(std::string_view json) : rest_(json) {
        const Node root = read_value();
        skip_white_space();
        if (!rest_.empty()) fail();
        const bool scalar = root.kind != jsonb::Kind::object && root.kind != jsonb::Kind::array;
        bytes_ = scalar ? array_of({root}, jsonb::kArrayFlag | jsonb::kScalarFlag) : root.bytes;
    }

    // The root container: a scalar stands in an array of its own.
    jsonb::Container container() const { return jsonb::Container(bytes_); }

  private:
    struct Node {
        jsonb::Kind kind = jsonb::Kind::null;
        bool boolean = false;
        std::string bytes;
    };

    // The order in which JSONB stores keys.
    struct StoredOrder {
        bool operator()(const std::string& a, const std::string& b) const {
            return a.size() != b.size() ? a.size() < b.size() : a < b;
        }
    };

    [[noreturn]] void fail() const { throw std::invalid_argument("no JSON at: " + std::string(rest_)); }

    void skip_white_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size()));
    }

    bool take(std::string_view token) {
        skip_white_space();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    Node read_value() {
        if (take("{")) return read_object();
        if (take("[")) return read_array();
        if (take("\"")) return {jsonb::Kind::string, false, read_string()};
        if (take("null")) return {};
        if (take("true")) return {jsonb::Kind::boolean, true, ""};
        if (take("false")) return {jsonb::Kind::boolean, false, ""};
        const size_t length = std::min(rest_.find_first_not_of("0123456789+-.eE"), rest_.size());
        if (length == 0) fail();
        const Node number{jsonb::Kind::number, false, numeric(rest_.substr(0, length))};
        rest_.remove_prefix(length);
        return number;
    }

    std::string read_string() {
        std::string text;
        for (;;) {
            const size_t stop = rest_.find_first_of("\"\\");
            if (stop == std::string_view::npos) fail();
            text += rest_.substr(0, stop);
            rest_.remove_prefix(stop);
            if (take("\"")) return text;
            static constexpr std::string_view kEscapes = "\"\\/bfnrt";
            const size_t escape = rest_.size() < 2 ? std::string_view::npos : kEscapes.find(rest_[1]);
            if (escape == std::string_view::npos) fail();
            text += "\"\\/\b\f\n\r\t"[escape];
            rest_.remove_prefix(2);
        }
    }

    Node read_array() {
        std::vector<Node> elements;
        while (!take("]")) {
            if (!elements.empty() && !take(",")) fail();
            elements.push_back(read_value());
        }
        return {jsonb::Kind::array, false, array_of(elements, jsonb::kArrayFlag)};
    }

    Node read_object() {
        std::map<std::string, Node, StoredOrder> pairs;
        bool first = true;
        while (!take("}")) {
            if (!first && !take(",")) fail();
            first = false;
            if (!take("\"")) fail();
            std::string key = read_string();
            if (!take(":")) fail();
            pairs.insert_or_assign(std::move(key), read_value());
        }
        std::vector<jsonb::Member> members;
        for (const auto& [key, node] : pairs) members.push_back({key, {node.kind, node.boolean, node.bytes}});
        std::vector<uint32_t> words(jsonb::object_bound(members) / sizeof(uint32_t) + 1);
        char* const out = reinterpret_cast<char*>(words.data());
        return {jsonb::Kind::object, false, std::string(out, jsonb::build_object(members, out))};
    }

    static uint32_t type_of(const Node& node) {
        switch (node.kind) {
            case jsonb::Kind::string:
                return jsonb::kIsString;
            case jsonb::Kind::number:
                return jsonb::kIsNumeric;
            case jsonb::Kind::boolean:
                return node.boolean ? jsonb::kIsTrue : jsonb::kIsFalse;
            case jsonb::Kind::null:
                return jsonb::kIsNull;
            default:
                return jsonb::kIsContainer;
        }
    }

    static std::string array_of(const std::vector<Node>& elements, uint32_t flags) {
        std::string entries;
        std::string data;
        for (size_t i = 0; i < elements.size(); i++) {
            const Node& node = elements[i];
            const uint32_t type = type_of(node);
            const size_t begin = data.size();
            if (type == jsonb::kIsNumeric || type == jsonb::kIsContainer) data.resize((begin + 3) / 4 * 4);
            data += node.bytes;
            const bool offset = i % jsonb::kOffsetStride == 0;
            const size_t field = offset ? data.size() : data.size() - begin;
            append_word(entries, static_cast<uint32_t>(field) | type | (offset ? jsonb::kHasOffset : 0));
        }
        std::string bytes;
        append_word(bytes, static_cast<uint32_t>(elements.size()) | flags);
        return bytes + entries + data;
    }

    std::string_view rest_;
    std::string bytes_;
};

}  // namespace eventlog::test
