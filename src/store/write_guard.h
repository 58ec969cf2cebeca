// Keeps a superuser and the owner of a table from writing a table of the extension that has code of a role
// which must not run: see attached_code.h. This concerns every statement, of SQL functions, of the worker and
// by hand. A row that goes straight into a partition passes no statement, so insert.h and idempotency.h check
// for themselves.
#pragma once

namespace eventlog::store {

// Installs the hook. Called once, by _PG_init.
void guard_writes();

}  // namespace eventlog::store
