// JSON documents as trees, and what JSONB makes of them, written as plainly as possible: the tests' measure
// for the library. The server's bytes in jsonb_vectors.h are the measure for this file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jsonb/view.h"
#include "jsonb_builder.h"

namespace eventlog::jsonb::tree {

// Bytes from hex digits.
inline std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return bytes;
}

struct Node {
    Kind kind = Kind::null;
    bool boolean = false;
    std::string text{};  // of a string; of a number as the server prints it
    std::vector<Node> elements{};
    std::vector<std::pair<std::string, Node>> members{};  // in stored order
};

inline Node boolean(bool value) {
    return {.kind = Kind::boolean, .boolean = value};
}
inline Node string(std::string text) {
    return {.kind = Kind::string, .text = std::move(text)};
}
inline Node number(std::string text) {
    return {.kind = Kind::number, .text = std::move(text)};
}
inline Node array(std::vector<Node> elements) {
    return {.kind = Kind::array, .elements = std::move(elements)};
}
inline Node object(std::vector<std::pair<std::string, Node>> members) {
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
        return std::pair(a.first.size(), a.first) < std::pair(b.first.size(), b.first);
    });
    return {.kind = Kind::object, .members = std::move(members)};
}

uint32_t append_node(std::string& out, const Node& node);

// Appends entries and data of `nodes`, as convertJsonbArray and convertJsonbObject of PostgreSQL's
// jsonb_util.c do.
inline void append_container(std::string& out, uint32_t header, const std::vector<const Node*>& nodes) {
    test::append_word(out, header);
    const size_t entries = out.size();
    out.append(nodes.size() * 4, '\0');
    uint32_t total = 0;
    for (size_t i = 0; i < nodes.size(); ++i) {
        uint32_t entry = append_node(out, *nodes[i]);
        total += entry & kOffLenMask;
        if (i % kOffsetStride == 0) entry = (entry & kTypeMask) | total | kHasOffset;
        out.replace(entries + i * 4, 4, reinterpret_cast<const char*>(&entry), 4);
    }
}

// Appends a node's data, padding included, and returns its entry with the length.
inline uint32_t append_node(std::string& out, const Node& node) {
    const size_t start = out.size();
    const auto pad = [&out] { out.append((4 - out.size() % 4) % 4, '\0'); };
    const auto entry = [&](uint32_t type) { return type | static_cast<uint32_t>(out.size() - start); };
    std::vector<const Node*> children;
    switch (node.kind) {
        case Kind::null:
            return kIsNull;
        case Kind::boolean:
            return node.boolean ? kIsTrue : kIsFalse;
        case Kind::string:
            out += node.text;
            return entry(kIsString);
        case Kind::number:
            pad();
            out += test::numeric(node.text);
            return entry(kIsNumeric);
        case Kind::array:
            pad();
            for (const Node& element : node.elements) children.push_back(&element);
            append_container(out, kArrayFlag | static_cast<uint32_t>(children.size()), children);
            return entry(kIsContainer);
        case Kind::object:
            break;
    }
    pad();
    std::vector<Node> keys;
    for (const auto& [key, value] : node.members) keys.push_back(string(key));
    for (const Node& key : keys) children.push_back(&key);
    for (const auto& [key, value] : node.members) children.push_back(&value);
    append_container(out, kObjectFlag | static_cast<uint32_t>(keys.size()), children);
    return entry(kIsContainer);
}

// The root container of a document.
inline std::string encode(const Node& node) {
    std::string out;
    if (node.kind == Kind::array || node.kind == Kind::object) {
        append_node(out, node);
    } else {
        append_container(out, kArrayFlag | kScalarFlag | 1, {&node});
    }
    return out;
}

inline std::string json_string(std::string_view text) {
    static const std::map<char, std::string> kShort = {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"},
                                                       {'\f', "\\f"}, {'\n', "\\n"},  {'\r', "\\r"},
                                                       {'\t', "\\t"}};
    std::string out = "\"";
    for (const char c : text) {
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
        const auto escape = kShort.find(c);
        out += escape != kShort.end() ? escape->second : c >= 0 && c < ' ' ? code : std::string(1, c);
    }
    return out + '"';
}

inline std::string canonical(const Node& node) {
    std::string out;
    const auto separate = [&out](char open) { out += out.empty() ? open : ','; };
    std::map<std::string, const Node*> sorted;  // std::string compares as unsigned bytes
    switch (node.kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return node.boolean ? "true" : "false";
        case Kind::string:
            return json_string(node.text);
        case Kind::number:
            return node.text;
        case Kind::array:
            for (const Node& element : node.elements) {
                separate('[');
                out += canonical(element);
            }
            return out.empty() ? "[]" : out + ']';
        case Kind::object:
            break;
    }
    for (const auto& [key, value] : node.members) sorted[key] = &value;
    for (const auto& [key, value] : sorted) {
        separate('{');
        out += json_string(key) + ':' + canonical(*value);
    }
    return out.empty() ? "{}" : out + '}';
}

// The objects behind kShapes: keys of many lengths, values of every kind, alignments of every sort.
inline Node shape(uint32_t pairs) {
    std::vector<std::pair<std::string, Node>> members;
    for (uint32_t i = 0; i < pairs; ++i) {
        const std::string n = std::to_string(i);
        const Node values[] = {string(std::string(i % 5, 'v')),
                               number(n + ".25"),
                               boolean(i % 16 == 2),
                               Node{},
                               object({{"n", number(n)}}),
                               array({number(n), string("s")}),
                               object({}),
                               number(i == 0 ? n : n + "00000")};
        members.emplace_back(std::string(i % 17, static_cast<char>('a' + i % 26)) + n, values[i % 8]);
    }
    return object(std::move(members));
}

}  // namespace eventlog::jsonb::tree
