// Commands that need a database to themselves (DROP DATABASE, CREATE DATABASE … TEMPLATE, ALTER DATABASE …
// RENAME and … SET TABLESPACE) find no worker in their way.
#pragma once

namespace eventlog::worker {

// Installs the ProcessUtility hook; while preloading.
void install_database_hook();

}  // namespace eventlog::worker
