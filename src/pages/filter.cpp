#include "pages/filter.h"

#include "event/normalise.h"
#include "pg/datum.h"

namespace eventlog::pages {
namespace {

using logs::kEventColumnDefinitions;

std::string_view bytes_of(logs::EventColumn column, Datum value) {
    if (kEventColumnDefinitions[column].type == TEXTOID) return pg::text_view(value);
    return {reinterpret_cast<const char*>(DatumGetUUIDP(value)->data), UUID_LEN};
}

}  // namespace

Filter text_filter(Datum text) {
    Datum trimmed = pg::text_datum(event::trim(pg::text_view(text)));
    return {true, trimmed, pg::text_view(trimmed)};
}

Filter uuid_filter(Datum uuid) {
    return {true, uuid, bytes_of(logs::kTenantId, uuid)};
}

Attributes attributes_of(Relation leaf) {
    Attributes attributes{};
    for (int column = 0; column < logs::kEventColumns; column++)
        attributes.numbers[column] = get_attnum(RelationGetRelid(leaf), kEventColumnDefinitions[column].name);
    return attributes;
}

bool satisfies(const Filters& filters, const Attributes& attributes, TupleTableSlot* slot) {
    bool null = false;
    for (int i = 0; i < kFilters; i++) {
        const Filter& filter = filters.columns[i];
        if (!filter.given) continue;
        logs::EventColumn column = kFilterColumns[i];
        Datum value = slot_getattr(slot, attributes.numbers[column], &null);
        if (null && i == kEventTypeFilter) {
            column = logs::kEventName;
            value = slot_getattr(slot, attributes.numbers[column], &null);
        }
        if (null || bytes_of(column, value) != filter.bytes) return false;
    }
    if (filters.from_ts == DT_NOBEGIN && filters.to_ts == DT_NOEND) return true;
    TimestampTz event_ts = DatumGetTimestampTz(slot_getattr(slot, attributes.numbers[logs::kEventTs], &null));
    return event_ts >= filters.from_ts && (event_ts < filters.to_ts || filters.to_ts == DT_NOEND);
}

}  // namespace eventlog::pages
