// Code that is attached to a table and runs when the table is written: triggers and their conditions, rules,
// constraints, defaults, expressions and predicates of indexes, and policies that bind the writer. Whoever
// has the privilege TRIGGER on a table can attach some, and the server runs it as the role that writes. So
// the extension writes no table that has code of a role that could not do the same anyway.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Raises 42501 if code that is attached to a relation calls a function that belongs neither to `role`, in
// whose name the relation is to be written, nor to a superuser. The relation is open and locked. Returns
// whether its constraints or indexes call functions whose results may depend on the role or the search path.
// The answer is kept until the relation, a function or a role changes. May ereport, so call it inside
// pg::call.
bool require_own_code(Relation relation, Oid role);

// Does the same for a table that is locked, but not open.
void require_own_code(Oid table, Oid role);

// Does the same for a relation that is open and locked for writing, and for the partitions of it, which it
// locks.
void require_own_code_of_tree(Relation relation, Oid role);

// Returns whether a table belongs to the extension or is a partition of one that does. May ereport.
bool is_extension_table(Oid table);

// Forgets what is known of a relation, or of all if it is InvalidOid. The catalog calls this, because a
// server has room for only ten callbacks of the relation cache.
void forget_attached_code(Oid relation);

// Registers the other invalidation callbacks. Called once, by _PG_init.
void watch_attached_code();

}  // namespace eventlog::store
