// A permission to pass the append-only trigger, for the extension's own statements alone. It is granted in
// C++ for one UPDATE of one table. The trigger uses it up, and it also ends with its scope, even if an error
// ends the scope.
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

}  // namespace eventlog::store
