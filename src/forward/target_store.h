// The tables of the forwarder: the declarations of targets, and the outcome for their events. Call the
// functions in a transaction that is connected to SPI. They throw pg::ServerError.
#pragma once

#include "pg/server.h"

#include "forward/delivery/batch.h"
#include "forward/delivery/breaker.h"
#include "forward/options.h"
#include "follow/window.h"

namespace eventlog::forward {

// The kind of a target's rows in eventlog.reader_window and eventlog.reader_position.
inline constexpr const char* kTargetReader = "target";

// A target as declared in the catalog and in the tables.
struct Declaration {
    std::string name;
    Oid server = InvalidOid;
    TargetOptions options;
    std::string invalid;  // why the options cannot be used, or empty
    bool paused = false;
    bool shows_trouble = false;  // the state in eventlog.targets is not `running`
    bool redrives = false;       // the target has dead letters that are to be sent again
    follow::Cursor cursor;
    std::string owner;         // of the server
    bool has_mapping = false;  // the owner or PUBLIC has a user mapping with options
};

// Returns what to add to the reason of a refused credential: that no key was sent, and for whom, or nothing.
std::string missing_key(const Declaration& declaration);

// Returns every target of this database that has a server and a cursor.
std::vector<Declaration> load_declarations();

// Returns the declaration of one target, without its cursor, or nothing if there is no such target.
std::optional<Declaration> load_declaration(const std::string& target);

// Returns the default of the option `events` that the SQL objects of this database have.
DefaultEvents default_events();

// Creates the cursor of each server that has none because its event trigger did not fire. The target starts
// now.
void adopt_orphan_servers();

void record_state(const std::string& target, TargetState state, const std::string& error,
                  int64_t next_attempt_in_ms);
void record_running(const std::string& target);

// Records that the endpoint took a request but says that it left out some of its events, and why.
void record_left_out(const std::string& target, uint64_t events, const std::string& why);

// Stores refused events in eventlog.dead_letters.
void store_dead_letters(const std::string& target, const std::vector<RefusedEvent>& refused,
                        TimestampTz first_attempt);

// Removes events from eventlog.dead_letters that the endpoint took when rewind_target had them sent again.
// `taken` must be in id order.
void remove_dead_letters(const std::string& target, const std::vector<ids::Uuid>& taken);

// Dead letters that are to be sent again.
struct Redriven {
    std::vector<event::StoredRow> rows;  // in id order, allocated in the memory context of the read
    std::vector<ids::Uuid> gone;         // events that are no longer in the log
};

// Returns at most `max_events` dead letters of a target that eventlog.redrive has marked. They stay marked
// until they are settled, so that they are sent again after a crash.
Redriven claim_redriven(const std::string& target, size_t max_events);

// Settles events that claim_redriven has returned. Accepted events are removed from the dead letters, and
// refused events become dead letters again. A dead letter that was purged meanwhile is not restored.
void settle_redriven(const std::string& target, const std::vector<ids::Uuid>& accepted,
                     const std::vector<RefusedEvent>& refused);

}  // namespace eventlog::forward
