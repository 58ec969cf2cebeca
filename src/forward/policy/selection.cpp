#include "forward/policy/selection.h"

#include "event/validate.h"

namespace eventlog::forward {
namespace {

bool is_flagged(const event::StoredRow& row) {
    auto envelope = row.metadata.find(event::kReservedKey);
    if (!envelope || envelope->kind != jsonb::Kind::object) return false;
    auto flag = envelope->container().find("forwardToStatsig");
    return flag && flag->kind == jsonb::Kind::boolean && flag->boolean;
}

}  // namespace

const char* Selection::parse(std::string_view value, Selection& selection) {
    Selection read;
    if (value == "all") {
        read.kind_ = Kind::all;
    } else if (value != "flagged") {
        if (const char* wanted = event::NamePatterns::parse(value, read.names_)) return wanted;
        // As patterns they would select only events with these names, which nobody intends.
        if (read.names_.mentions("all") || read.names_.mentions("flagged"))
            return "\"flagged\" and \"all\" stand alone, in small letters; the pattern for all events is "
                   "\"*\".";
        read.kind_ = Kind::named;
    }
    selection = std::move(read);
    return nullptr;
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
