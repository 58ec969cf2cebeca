// SQL functions of the forwarder: the validator of targets, notices to the worker.
#include "pg/boundary.h"

#include "forward/option_list.h"
#include "forward/options.h"
#include "pg/datum.h"
#include "shared_state.h"

namespace {

using namespace eventlog;

[[noreturn]] void refuse(const forward::GivenOption& option, const forward::OptionProblem& problem) {
    bool unknown = problem.fault == forward::OptionFault::unknown_name;
    throw pg::Error{.sqlstate = unknown ? ERRCODE_FDW_INVALID_OPTION_NAME : ERRCODE_INVALID_PARAMETER_VALUE,
                    .message = std::string(unknown ? "unknown option \"" : "invalid value for option \"") +
                               option.name + "\"",
                    .detail = problem.detail,
                    .hint = problem.hint};
}

void validate_options(std::span<forward::GivenOption> given, forward::OptionHome home) {
    forward::TargetOptions options;
    for (const forward::GivenOption& option : given) {
        forward::OptionProblem problem = forward::set_option(options, home, option.name, option.value);
        if (problem.fault != forward::OptionFault::none) refuse(option, problem);
    }
    if (home != forward::OptionHome::server) return;
    if (std::string_view missing = forward::missing_option(options); !missing.empty())
        throw pg::Error{.sqlstate = ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED,
                        .message = "option \"" + std::string(missing) + "\" is required",
                        .hint = "A target needs the options url and format."};
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_target_validator) {
    std::span<forward::GivenOption> given =
        pg::call([fcinfo] { return forward::list_options(PG_GETARG_DATUM(0)); });
    Oid catalog = PG_GETARG_OID(1);
    if (catalog == ForeignServerRelationId) {
        validate_options(given, forward::OptionHome::server);
    } else if (catalog == UserMappingRelationId) {
        validate_options(given, forward::OptionHome::user_mapping);
    } else if (!given.empty()) {
        throw pg::Error{.sqlstate = ERRCODE_FDW_INVALID_OPTION_NAME,
                        .message = "unknown option \"" + std::string(given[0].name) + "\"",
                        .hint = "Options belong to a server or to its user mappings."};
    }
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_notify_worker) {
    shared::notify_at_commit(shared::Notice::targets_changed);
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_in_flight) {
    Oid server = PG_GETARG_OID(0);
    int requests = pg::call([server] { return shared::in_flight(server); });
    if (requests < 0) PG_RETURN_NULL();
    PG_RETURN_INT32(requests);
}
