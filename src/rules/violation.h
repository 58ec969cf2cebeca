// A broken rule with its texts.
//
//     return violation<Rule::text_length>(field, with<"limit">(256), with<"found">(characters));
//
// A value that the rule's texts do not name, or one that they name and is missing, does not compile.
#pragma once

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "rules/rules.h"
#include "rules/templates.h"

namespace eventlog::rules {

// `message` is a PostgreSQL primary message (lower case, no full stop); `detail` and `hint` are sentences,
// empty where there is nothing to say. `field` is the argument, key or option that breaks the rule, empty
// where it is none.
struct Violation {
    Rule rule;
    std::string field;
    std::string message;
    std::string detail;
    std::string hint;
};

// A value for a placeholder, a view of its text: an integer or a text.
struct Value {
    std::string_view name;
    std::string_view text;
    long long number = 0;
    bool is_number = false;
};

template <size_t size>
struct Name {
    char text[size]{};
    consteval Name(const char (&name)[size]) { std::copy_n(name, size, text); }
    constexpr std::string_view view() const { return {text, size - 1}; }
};

template <Name placeholder>
struct Given : Value {
    static constexpr std::string_view kName = placeholder.view();
};

template <Name placeholder>
Given<placeholder> with(std::integral auto number) {
    return {{placeholder.view(), {}, static_cast<long long>(number), true}};
}

template <Name placeholder>
Given<placeholder> with(std::string_view text) {
    return {{placeholder.view(), text, 0, false}};
}

// `utf8` in double quotes; of a long text the first 64 characters and an ellipsis.
std::string quote(std::string_view utf8);

// The violation with these values, which are trusted to be those that the rule's texts name.
Violation expand(Rule rule, std::string_view field, std::span<const Value> values);

// Whether `names` are the placeholders of the entry, {field} aside: each is used, and there is no other.
constexpr bool are_placeholders_of(const Entry& entry, std::span<const std::string_view> names) {
    const std::string_view texts[] = {entry.message, entry.detail, entry.hint};
    const auto uses = [&texts](std::string_view name) {
        for (const std::string_view text : texts)
            for (Pieces pieces(text); pieces.next();)
                if (pieces.name() == name) return true;
        return false;
    };
    for (const std::string_view name : names)
        if (!uses(name)) return false;
    for (const std::string_view text : texts)
        for (Pieces pieces(text); pieces.next();)
            if (!pieces.name().empty() && pieces.name() != "field" &&
                std::find(names.begin(), names.end(), pieces.name()) == names.end())
                return false;
    return true;
}

namespace internal {

template <Rule rule, typename... Values>
consteval bool fits() {
    const std::string_view names[] = {"", Values::kName...};
    return are_placeholders_of(entry_of(rule), std::span(names).subspan(1));
}

}  // namespace internal

template <Rule rule, typename... Values>
Violation violation(std::string_view field, const Values&... values) {
    static_assert(internal::fits<rule, Values...>(),
                  "the values are not the placeholders of the rule's texts");
    const std::initializer_list<Value> list = {values...};
    return expand(rule, field, {list.begin(), list.size()});
}

}  // namespace eventlog::rules
