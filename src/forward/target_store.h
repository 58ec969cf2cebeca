// The forwarder's tables: targets as they are declared, and what becomes of their events. In a transaction
// connected to SPI; throws pg::ServerError.
#pragma once

#include "pg/server.h"

#include "forward/delivery/batch.h"
#include "forward/delivery/breaker.h"
#include "forward/options.h"
#include "follow/window.h"

namespace eventlog::forward {

// The kind of a target's rows in eventlog.reader_window and eventlog.reader_position.
inline constexpr const char* kTargetReader = "target";

// A target as the catalog and the tables have it.
struct Declaration {
    std::string name;
    Oid server = InvalidOid;
    TargetOptions options;
    std::string invalid;  // why the options cannot be used; empty: they can
    bool paused = false;
    bool shows_trouble = false;  // the state it shows is not `running`
    bool redrives = false;       // dead letters of it wait to be sent again
    follow::Cursor cursor;
};

// Every target of this database that has a server and a cursor.
std::vector<Declaration> load_declarations();

// Makes the cursor of a server that has none (its event trigger did not fire), so that it starts now.
void adopt_orphan_servers();

void record_state(const std::string& target, TargetState state, const std::string& error,
                  int64_t next_attempt_in_ms);
void record_running(const std::string& target);

// Records that the endpoint took a request and says that it left out some of its events, and why.
void record_left_out(const std::string& target, uint64_t events, const std::string& why);

// Puts refused events into eventlog.dead_letters.
void store_dead_letters(const std::string& target, const std::vector<RefusedEvent>& refused,
                        TimestampTz first_attempt);

// Takes events that the endpoint has taken after all out of eventlog.dead_letters: those sent again by
// rewind_target. They are in id order.
void remove_dead_letters(const std::string& target, const std::vector<ids::Uuid>& taken);

// Dead letters that are to be sent again.
struct Redriven {
    std::vector<event::StoredRow> rows;  // in id order; they live in the memory context of the read
    std::vector<ids::Uuid> gone;         // whose events are not in the log any more
};

// Those of a target that eventlog.redrive has marked, `max_events` at the most. They stay marked until they
// are settled, so that a crash has them sent again.
Redriven claim_redriven(const std::string& target, size_t max_events);

// Settles events that claim_redriven has given out: accepted ones are no dead letters any more, refused ones
// are again. One that has been purged meanwhile stays so.
void settle_redriven(const std::string& target, const std::vector<ids::Uuid>& accepted,
                     const std::vector<RefusedEvent>& refused);

}  // namespace eventlog::forward
