// The xid offset, and the adoption of a cluster that a dump was restored into.
//
// eventlog.events.xid and the readers' cursors hold transaction numbers. In another cluster, or in a copy of
// the database, these numbers mean nothing; there the log's own numbering goes on above everything stored:
// number = server's number + offset. The offset lives in eventlog.cluster, which no dump contains, so a
// restored database has none until it is adopted. These functions may ereport: call them inside pg::call.
#pragma once

#include "pg/server.h"

namespace eventlog::store {

// Reads the offset of this database of this cluster; false when it has not been adopted.
bool read_offset(Oid cluster_table, uint64_t& offset);

// Whether pg_upgrade has brought this database here from another major version: it keeps the database's oid
// and all rows, and gives the cluster another identifier. (A copy that pg_createsubscriber made differs from
// the original in its identifier alone.)
bool was_upgraded(Oid cluster_table);

// Computes and stores the offset unless somebody has; pauses targets that came from elsewhere, but for those
// that pg_upgrade brought. Under the maintenance lock.
void adopt();

}  // namespace eventlog::store
