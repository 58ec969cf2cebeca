// The xid offset, and the adoption of a database that a dump was restored into.
//
// eventlog.events.xid and the readers' cursors hold transaction numbers, which mean nothing in another
// cluster or in a copy of the database. There the log continues its own numbering above everything stored:
// number = server's number + offset. The offset is kept in eventlog.cluster, which no dump contains, so a
// restored database has none until it is adopted. These functions may ereport, so call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Stores the offset of this database of this cluster in `offset`. Returns false if the database has not been
// adopted.
bool read_offset(Oid cluster_table, uint64_t& offset);

// Returns whether a database that has to be adopted is not a copy: pg_upgrade has brought it here from
// another major version, or pg_resetwal has lowered the numbers of its cluster. pg_upgrade keeps the
// database's oid and all rows, and gives the cluster another system identifier. A copy made by
// pg_createsubscriber differs from the original in its identifier alone.
bool may_be_taken_up(Oid cluster_table);

// Computes and stores the offset, unless the database has been adopted already. Targets that came from
// elsewhere are paused, except those that pg_upgrade brought. The same is done again when pg_resetwal has
// lowered the numbers, and pauses nothing. The caller holds the maintenance lock.
void adopt();

}  // namespace eventlog::store
