// SQL functions of targets: the validator of their options, notices to the worker, requests in flight.
#include "pg/boundary.h"

#include "forward/option_list.h"
#include "forward/options.h"
#include "pg/datum.h"
#include "settings.h"
#include "runtime/commit_signal.h"
#include "runtime/gauges.h"

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

[[noreturn]] void refuse_server_option(const forward::GivenOption& option) {
    throw pg::Error{
        .sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
        .message = std::string("permission denied to set option \"") + option.name + "\"",
        .detail =
            "It has the server read its own files or environment: only a superuser may set it, or change a "
            "definition that holds it."};
}

void check_host(const char* option, const forward::Endpoint& endpoint, bool behind_proxy) {
    const net::HostPolicy policy = settings::host_policy();
    if (endpoint.host.empty() || (behind_proxy ? policy.admits_unresolved(endpoint.host, endpoint.port)
                                               : policy.admits(endpoint.host, endpoint.port)))
        return;
    throw pg::Error{.sqlstate = ERRCODE_INVALID_PARAMETER_VALUE,
                    .message = std::string("invalid value for option \"") + option + "\"",
                    .detail = "Host \"" + endpoint.host + "\", port " + std::to_string(endpoint.port) +
                              ", is not among the allowed ones.",
                    .hint = "A superuser can allow it by the setting eventlog.allowed_hosts."};
}

void validate_options(std::span<forward::GivenOption> given, forward::OptionHome home) {
    forward::TargetOptions options;
    bool trusted = pg::call([] { return superuser(); });
    for (const forward::GivenOption& option : given) {
        if (!trusted && forward::reads_server(home, option.name)) refuse_server_option(option);
        forward::OptionProblem problem = forward::set_option(options, home, option.name, option.value);
        if (problem.fault != forward::OptionFault::none) refuse(option, problem);
    }
    if (home != forward::OptionHome::server) return;
    if (auto incomplete = forward::complete(options))
        throw pg::Error{.sqlstate = incomplete->is_missing ? ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED
                                                           : ERRCODE_INVALID_PARAMETER_VALUE,
                        .message = (incomplete->is_missing ? "option \"" : "invalid value for option \"") +
                                   std::string(incomplete->option) +
                                   (incomplete->is_missing ? "\" is required" : "\""),
                        .detail = incomplete->detail,
                        .hint = incomplete->hint};
    check_host("url", options.endpoint, !options.proxy.empty());
    check_host("proxy", options.proxy_endpoint, false);
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
    runtime::notify_at_commit(runtime::Notice::targets_changed);
    PG_RETURN_VOID();
}

EVENTLOG_FUNCTION(eventlog_in_flight) {
    Oid server = PG_GETARG_OID(0);
    int requests = pg::call([server] { return runtime::in_flight(server); });
    if (requests < 0) PG_RETURN_NULL();
    PG_RETURN_INT32(requests);
}
