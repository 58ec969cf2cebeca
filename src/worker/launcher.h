// The launcher: one static process of a preloading server that starts a worker in each database that has the
// extension.
#pragma once

namespace eventlog::worker {

// Registers the launcher and the hook that keeps workers out of the way of CREATE and DROP DATABASE; while
// preloading.
void register_launcher();

}  // namespace eventlog::worker
