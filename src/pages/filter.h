// The filters of a page, and whether a stored row satisfies them. May ereport: call inside pg::call.
#pragma once

#include "pg/server.h"

#include "logs/events.h"

namespace eventlog::pages {

// The columns that can be asked for, those first that are the better way into the log.
inline constexpr logs::EventColumn kFilterColumns[] = {
    logs::kTraceId,  logs::kResourceId,   logs::kActorId,   logs::kEventName, logs::kEventType,
    logs::kTenantId, logs::kResourceType, logs::kActorType, logs::kSource,
};
inline constexpr int kFilters = std::size(kFilterColumns);
inline constexpr int kEventTypeFilter = 4;
static_assert(kFilterColumns[kEventTypeFilter] == logs::kEventType);

// What a column must be equal to.
struct Filter {
    bool given = false;
    Datum value = (Datum)0;
    std::string_view bytes;  // of the text, or of the uuid
};

// Plain data. That of kEventType is asked of what is shown as the event's type: event_type, else event_name.
struct Filters {
    Filter columns[kFilters];
    TimestampTz from_ts = DT_NOBEGIN;  // of event_ts, inclusive
    TimestampTz to_ts = DT_NOEND;      // exclusive, but for DT_NOEND
};

// Text is compared as it is stored: without white space at its ends.
Filter text_filter(Datum text);
Filter uuid_filter(Datum uuid);

// Where the columns are in a partition, which need not have the parent's order.
struct Attributes {
    AttrNumber numbers[logs::kEventColumns];
};
Attributes attributes_of(Relation leaf);

bool satisfies(const Filters& filters, const Attributes& attributes, TupleTableSlot* slot);

}  // namespace eventlog::pages
