// Removing the data of events whose rows stay: what makes an event somebody's goes, its id, name, source,
// tenant and times remain, and its xid, so that no reader sees it twice. In id order, a thousand events at a
// time.
#pragma once

#include "pg/server.h"

#include "store/erased_mark.h"
#include "store/log_table.h"

namespace eventlog::erasure {

// In the order of LogTable::erasure.
enum class Scope : uint8_t { actor, resource, event };

// Whose events: those of an actor or a resource, or the one with that id. Views of the caller's memory.
struct Erasure {
    Scope scope;
    std::string_view id;    // of the actor or the resource; the event's as text
    std::string_view type;  // without data: the id of every type; none for an event
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

// Erases every event that had been committed when it was called, and those of the current transaction. Throws
// pg::ServerError; 40001 under REPEATABLE READ or above, where another has erased the same meanwhile.
Erased erase(const Erasure& erasure);

// Whether an event is the record of an erasure. Throws pg::ServerError.
bool is_erasure_record(std::string_view event_id);

}  // namespace eventlog::erasure
