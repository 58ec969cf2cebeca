// eventlog_internal.refuse: the table of rules for the functions that are written in SQL.
#include "pg/boundary.h"
#include "pg/datum.h"

namespace {

using namespace eventlog;

// The arguments as plain data, in palloc'ed memory.
struct Arguments {
    std::string_view rule;
    std::string_view field;
    std::span<rules::Value> values;  // pairs of name and text
};

Arguments read_arguments(FunctionCallInfo fcinfo) {
    Datum* texts = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
    auto* values = static_cast<rules::Value*>(palloc(sizeof(rules::Value) * (count + 1)));
    for (int i = 0; i + 1 < count; i += 2)
        new (&values[i / 2])
            rules::Value{pg::text_view(texts[i]), nulls[i + 1] ? "null" : pg::text_view(texts[i + 1])};
    return {pg::text_view(PG_GETARG_DATUM(0)),
            pg::text_view(PG_GETARG_DATUM(1)),
            {values, static_cast<size_t>(count / 2)}};
}

std::optional<rules::Rule> find_rule(std::string_view name) {
    for (size_t i = 0; i < std::size(rules::kEntries); i++)
        if (rules::kEntries[i].name == name) return static_cast<rules::Rule>(i);
    return std::nullopt;
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_refuse) {
    const Arguments arguments = pg::call([fcinfo] { return read_arguments(fcinfo); });
    const std::optional<rules::Rule> rule = find_rule(arguments.rule);
    std::vector<std::string_view> names;
    for (const rules::Value& value : arguments.values) names.push_back(value.name);
    if (!rule || !rules::are_placeholders_of(rules::entry_of(*rule), names))
        throw pg::Error{.message = "no rule \"" + std::string(arguments.rule) + "\" with these values"};
    throw pg::error_of(rules::expand(*rule, arguments.field, arguments.values));
}
