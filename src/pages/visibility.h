// Privileges and row security decide which rows of the log the caller may see. They are those of a query of
// the table, although a page is read from the partitions. The functions may ereport, so call them inside
// pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::pages {

struct Visibility {
    // Row security asks other tables. Only a query can tell which rows the caller may see.
    bool by_query;
    ExprState* policies;  // null if every row may be seen
    EState* executor;     // of `policies`, or null
};

// Raises 42501 if the caller must not read the log's table, or if row_security is off and would apply.
Visibility begin_visibility();

// Returns whether the caller may see a row, which has the layout of the log's table.
bool may_see(const Visibility& visibility, TupleTableSlot* row);
void end_visibility(const Visibility& visibility);

}  // namespace eventlog::pages
