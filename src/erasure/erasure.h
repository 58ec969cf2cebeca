// Erases the data of events whose rows stay. An erased event loses everything that ties it to a person or a
// thing. Its id, name, source, tenant and times remain, and so does its xid, so that no reader sees it twice.
// Events are erased in id order, a thousand at a time.
#pragma once

#include "pg/server.h"

#include "store/erased_mark.h"
#include "store/log_table.h"

namespace eventlog::erasure {

// The values are in the order of LogTable::erasure.
enum class Scope : uint8_t { actor, resource, event };

// The events to be erased: those of an actor or a resource, or the one with that id. The members view the
// caller's memory.
struct Erasure {
    Scope scope;
    std::string_view id;    // id of the actor or the resource, or of the event as text
    std::string_view type;  // no data for the id of every type; unused for an event
};

// Text beside the log that may quote events. The part that writes such text provides the statement that
// removes the quotations, so that an erasure need not know how they look.
struct Quotation {
    const char* name;  // the key of its count in the record of an erasure; null: it is not counted
    const char* sql;   // an UPDATE
    bool
        of_events;  // the statement takes the ids of erased events as $1; else it is run once for all of them
};

inline constexpr size_t kMaxQuotations = 4;

// Makes the quotations known; called once by _PG_init.
void register_quotations(std::span<const Quotation> quotations);
std::span<const Quotation> quotations();

struct Erased {
    uint64_t rows[store::kMaxLogTables];  // of store::log_tables()
    uint64_t quotations[kMaxQuotations];  // of quotations()
    uint64_t idempotency_keys;

    uint64_t all_rows() const;
};

// Erases every event that was committed before the call, and those of the current transaction. Throws
// pg::ServerError; under REPEATABLE READ or SERIALIZABLE it is 40001 if another transaction has erased the
// same events in the meantime.
Erased erase(const Erasure& erasure);

// Returns whether an event is the record of an erasure. Throws pg::ServerError.
bool is_erasure_record(std::string_view event_id);

}  // namespace eventlog::erasure
