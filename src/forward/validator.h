// The validator of targets: CREATE and ALTER SERVER and USER MAPPING call it with the options that result.
#pragma once

#include "pg/server.h"

#include "forward/option_list.h"

namespace eventlog::forward {

// Refuses options that a target cannot have. `catalog` is that of their object: servers and user mappings
// have some, others none. Throws pg::Error: HV00D for an unknown option, 22023 for an invalid value, HV002
// for a missing option, 42501 for one that only a superuser may set.
void validate_options(std::span<const GivenOption> given, Oid catalog);

}  // namespace eventlog::forward
