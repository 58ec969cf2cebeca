// The worker of one database; started by the launcher.
#pragma once

#include "pg/server.h"

extern "C" PGDLLEXPORT void eventlog_worker_main(Datum database);
