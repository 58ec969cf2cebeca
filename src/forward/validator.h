// The validator of targets. CREATE and ALTER of a SERVER or USER MAPPING call it with the resulting options.
#pragma once

#include "pg/server.h"

#include "forward/option_list.h"

namespace eventlog::forward {

// Refuses options that a target cannot have. `catalog` is the catalog of their object; only servers and user
// mappings have options. Throws pg::Error: HV00D for an unknown option, 22023 for an invalid value, HV002 for
// a missing option, 42501 for an option that only a superuser may set.
void validate_options(std::span<const GivenOption> given, Oid catalog);

}  // namespace eventlog::forward
