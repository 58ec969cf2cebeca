#include "forward/validator.h"

#include "forward/options.h"
#include "pg/boundary.h"
#include "settings.h"

namespace eventlog::forward {
namespace {

[[noreturn]] void refuse(const GivenOption& option, const OptionProblem& problem) {
    bool unknown = problem.fault == OptionFault::unknown_name;
    throw pg::Error{.sqlstate = unknown ? ERRCODE_FDW_INVALID_OPTION_NAME : ERRCODE_INVALID_PARAMETER_VALUE,
                    .message = std::string(unknown ? "unknown option \"" : "invalid value for option \"") +
                               option.name + "\"",
                    .detail = problem.detail,
                    .hint = problem.hint};
}

[[noreturn]] void refuse_server_option(const GivenOption& option) {
    throw pg::Error{
        .sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
        .message = std::string("permission denied to set option \"") + option.name + "\"",
        .detail =
            "It has the server read its own files or environment: only a superuser may set it, or change a "
            "definition that holds it."};
}

void check_host(const char* option, const Endpoint& endpoint, bool behind_proxy) {
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

void validate(std::span<const GivenOption> given, OptionHome home) {
    TargetOptions options;
    bool trusted = pg::call([] { return superuser(); });
    for (const GivenOption& option : given) {
        if (!trusted && reads_server(home, option.name)) refuse_server_option(option);
        OptionProblem problem = set_option(options, home, option.name, option.value);
        if (problem.fault != OptionFault::none) refuse(option, problem);
    }
    if (home != OptionHome::server) return;
    if (auto incomplete = complete(options))
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

void validate_options(std::span<const GivenOption> given, Oid catalog) {
    if (catalog == ForeignServerRelationId) {
        validate(given, OptionHome::server);
    } else if (catalog == UserMappingRelationId) {
        validate(given, OptionHome::user_mapping);
    } else if (!given.empty()) {
        throw pg::Error{.sqlstate = ERRCODE_FDW_INVALID_OPTION_NAME,
                        .message = "unknown option \"" + std::string(given[0].name) + "\"",
                        .hint = "Options belong to a server or to its user mappings."};
    }
}

}  // namespace eventlog::forward
