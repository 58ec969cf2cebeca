#include "forward/launcher.h"
namespace eventlog::forward {
void register_launcher() {}
}  // namespace eventlog::forward
