#include "feed/patterns.h"

#include "event/characters.h"
#include "event/validate.h"
#include "pg/boundary.h"
#include "pg/datum.h"

namespace eventlog::feed {
namespace {

using rules::Rule;
using rules::violation;
using rules::with;

constexpr const char* kField = "events";

}  // namespace

std::span<std::string_view> list_patterns(Datum array) {
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    auto* list = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (count + 1)));
    for (int i = 0; i < count; i++) {
        if (nulls[i]) pg::refuse<Rule::array_null>(kField);
        new (&list[i]) std::string_view(pg::text_view(elements[i]));
    }
    return {list, static_cast<size_t>(count)};
}

event::NamePatterns read_patterns(std::span<const std::string_view> list) {
    using event::NamePatterns;
    if (list.empty()) throw pg::error_of(violation<Rule::events_empty>(kField));
    NamePatterns patterns;
    for (std::string_view pattern : list) {
        switch (patterns.add(pattern)) {
            case NamePatterns::Fault::length:
                throw pg::error_of(violation<Rule::events_pattern_length>(
                    kField, with<"limit">(event::kMaxTextCharacters),
                    with<"found">(event::characters(NamePatterns::bare(pattern)))));
            case NamePatterns::Fault::count:
                throw pg::error_of(violation<Rule::events_pattern_count>(
                    kField, with<"limit">(NamePatterns::kMostPatterns), with<"found">(list.size())));
            case NamePatterns::Fault::none:
                break;
        }
    }
    return patterns;
}

}  // namespace eventlog::feed
