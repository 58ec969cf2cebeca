// The way around the append-only trigger, for the extension's own statements alone: it is opened in C++ for
// one UPDATE of one table, is used up by the trigger that asks for it, and closes with its scope, whatever
// way that ends.
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

// Uses the permission up: true once, where it has been opened for this table.
bool take_change_permission(Oid table);

}  // namespace eventlog::store
