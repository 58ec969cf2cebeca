// Semantic Versioning 2.0.0 (semver.org).
#pragma once

#include <string_view>

namespace eventlog::event {

bool is_semver(std::string_view text);

}  // namespace eventlog::event
