#include "feed/patterns.h"

#include "pg/boundary.h"
#include "pg/datum.h"

namespace eventlog::feed {
namespace {

[[noreturn]] void refuse(std::string detail, std::string hint = {}) {
    throw pg::Error{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
                    .message = "events is no list of name patterns",
                    .detail = std::move(detail),
                    .hint = std::move(hint),
                    .column = "events"};
}

}  // namespace

std::span<std::string_view> list_patterns(Datum array) {
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    auto* list = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (count + 1)));
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events must not hold a null"),
                    err_generic_string(PG_DIAG_COLUMN_NAME, "events"));
        new (&list[i]) std::string_view(pg::text_view(elements[i]));
    }
    return {list, static_cast<size_t>(count)};
}

event::NamePatterns read_patterns(std::span<const std::string_view> list) {
    using event::NamePatterns;
    if (list.empty()) refuse("It is empty.", "For every event, pass NULL.");
    NamePatterns patterns;
    for (std::string_view pattern : list) {
        switch (patterns.add(pattern)) {
            case NamePatterns::Fault::length:
                refuse("A pattern has 1 to 256 characters, after a \"!\" that excludes.");
            case NamePatterns::Fault::count:
                refuse("The limit is " + std::to_string(NamePatterns::kMostPatterns) + " patterns; found " +
                       std::to_string(list.size()) + ".");
            case NamePatterns::Fault::none:
                break;
        }
    }
    return patterns;
}

}  // namespace eventlog::feed
