// A permission to pass the append-only triggers, for the extension's own statements alone. It is granted in
// C++ for one UPDATE of one table. The trigger of the statement uses it up, and the triggers of its rows let
// the rows pass until its scope ends, even if an error ends the scope.
//
//     ChangePermission permission(table);
//     pg::call([] { SPI_execute_plan(...); });   // UPDATE of that table
#pragma once

#include "pg/server.h"

namespace eventlog::store {

class ChangePermission {
  public:
    explicit ChangePermission(Oid table);
    ~ChangePermission();
    ChangePermission(const ChangePermission&) = delete;
    ChangePermission& operator=(const ChangePermission&) = delete;
};

// Uses up the permission. Returns true once if it was granted for this table.
bool take_change_permission(Oid table);

// Returns whether a statement that has used up the permission is under way.
bool permits_row_changes();

}  // namespace eventlog::store
