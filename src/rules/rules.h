// The table of rules: one enumerator for each entry of rules.inc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace eventlog::rules {

enum class Rule : uint8_t {
#define RULE_CASE(name, ...) name,
#include "rules/rules.inc"
};

struct Entry {
    std::string_view name;
    std::string_view id;  // CONSTRAINT NAME; the cases of a rule share it
    std::string_view sqlstate;
    std::string_view message;  // these three are templates
    std::string_view detail;
    std::string_view hint;
};

inline constexpr Entry kEntries[] = {
#define RULE_CASE(name, id, sqlstate, message, detail, hint) {#name, #id, sqlstate, message, detail, hint},
#include "rules/rules.inc"
};

constexpr const Entry& entry_of(Rule rule) {
    return kEntries[static_cast<size_t>(rule)];
}

constexpr std::string_view id_of(Rule rule) {
    return entry_of(rule).id;
}

constexpr std::string_view sqlstate_of(Rule rule) {
    return entry_of(rule).sqlstate;
}

}  // namespace eventlog::rules
