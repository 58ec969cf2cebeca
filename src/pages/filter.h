// The filters of a page, and whether a stored row satisfies them. The functions may ereport, so call them
// inside pg::call.
#pragma once

#include "pg/server.h"

#include "logs/events.h"

namespace eventlog::pages {

// The columns that a page can be filtered by. An index on an earlier one is preferred.
inline constexpr logs::EventColumn kFilterColumns[] = {
    logs::kTraceId,  logs::kResourceId,   logs::kActorId,   logs::kEventName, logs::kEventType,
    logs::kTenantId, logs::kResourceType, logs::kActorType, logs::kSource,
};
inline constexpr int kFilters = std::size(kFilterColumns);
inline constexpr int kEventTypeFilter = 4;
static_assert(kFilterColumns[kEventTypeFilter] == logs::kEventType);

// The value that a column must have.
struct Filter {
    bool given = false;
    Datum value = (Datum)0;
    std::string_view bytes;  // of the text or the uuid
};

// The filters of a page, as plain data. The filter of kEventType compares the type that is shown for the
// event: event_type, or event_name if it is NULL.
struct Filters {
    Filter columns[kFilters];
    TimestampTz from_ts = DT_NOBEGIN;  // least event_ts, inclusive
    TimestampTz to_ts = DT_NOEND;      // exclusive, unless it is DT_NOEND
};

// Returns a filter by text. Text is compared as it is stored, without white space at its ends.
Filter text_filter(Datum text);
Filter uuid_filter(Datum uuid);

// The columns' numbers in a partition, which may differ from those in the parent.
struct Attributes {
    AttrNumber numbers[logs::kEventColumns];
};
Attributes attributes_of(Relation leaf);

bool satisfies(const Filters& filters, const Attributes& attributes, TupleTableSlot* slot);

}  // namespace eventlog::pages
