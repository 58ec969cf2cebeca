// Keeps a drop of the extension from removing a log that holds events, unless eventlog.allow_drop is on.
#pragma once

namespace eventlog::store {

// Installs the hook. Called once, by _PG_init.
void watch_drops();

}  // namespace eventlog::store
