// The worker of one database, which the launcher starts.
#pragma once

#include "pg/server.h"

extern "C" PGDLLEXPORT void eventlog_worker_main(Datum database);
