// The launcher: one static process of a server that preloads the library. It starts a worker in each database
// that has the extension.
#pragma once

namespace eventlog::worker {

// Registers the launcher, and the hook that stops workers for commands such as CREATE and DROP DATABASE. It
// is called while preloading.
void register_launcher();

}  // namespace eventlog::worker
