// A hook that stops the worker for commands that need a database to themselves: DROP DATABASE, CREATE
// DATABASE … TEMPLATE, ALTER DATABASE … RENAME and … SET TABLESPACE.
#pragma once

namespace eventlog::worker {

// Installs the ProcessUtility hook. It is called while preloading.
void install_database_hook();

}  // namespace eventlog::worker
