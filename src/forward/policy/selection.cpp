#include "forward/policy/selection.h"

#include "event/validate.h"

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::violation;
using rules::with;

constexpr std::string_view kOption = "events";

bool is_flagged(const event::StoredRow& row) {
    auto envelope = row.metadata.find(event::kReservedKey);
    if (!envelope || envelope->kind != jsonb::Kind::object) return false;
    auto flag = envelope->container().find("forwardToStatsig");
    return flag && flag->kind == jsonb::Kind::boolean && flag->boolean;
}

}  // namespace

std::optional<rules::Violation> Selection::parse(std::string_view value, Selection& selection) {
    using event::NamePatterns;
    Selection read;
    if (value == "all") {
        read.kind_ = Kind::all;
    } else if (value != "flagged") {
        switch (NamePatterns::parse(value, read.names_)) {
            case NamePatterns::Fault::length:
                return violation<Rule::option_pattern_length>(kOption,
                                                              with<"limit">(event::kMaxTextCharacters));
            case NamePatterns::Fault::count:
                return violation<Rule::option_pattern_count>(kOption,
                                                             with<"limit">(NamePatterns::kMostPatterns));
            case NamePatterns::Fault::none:
                break;
        }
        // As patterns they would select events of these names: what nobody means.
        if (read.names_.mentions("all") || read.names_.mentions("flagged"))
            return violation<Rule::option_pattern_word>(kOption);
        read.kind_ = Kind::named;
    }
    selection = std::move(read);
    return std::nullopt;
}

std::optional<rules::Violation> Selection::mistake() const {
    if (auto pattern = names_.unmatchable())
        return violation<Rule::option_pattern_braces>(kOption, with<"found">(*pattern));
    if (auto pattern = names_.misspelling_of("flagged"))
        return violation<Rule::option_pattern_misspelt>(kOption, with<"found">(*pattern));
    return std::nullopt;
}

bool Selection::selects(const event::StoredRow& row) const {
    switch (kind_) {
        case Kind::flagged:
            return is_flagged(row);
        case Kind::all:
            return true;
        case Kind::named:
            return names_.match(row.event_name);
    }
    return false;
}

}  // namespace eventlog::forward
