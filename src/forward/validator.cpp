#include "forward/validator.h"

#include "forward/options.h"
#include "forward/secrets.h"
#include "pg/boundary.h"
#include "settings.h"

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::violation;
using rules::with;

void check_host(const char* option, const Endpoint& endpoint, bool behind_proxy) {
    const net::HostPolicy policy = settings::host_policy();
    if (endpoint.host.empty() || (behind_proxy ? policy.admits_unresolved(endpoint.host, endpoint.port)
                                               : policy.admits(endpoint.host, endpoint.port)))
        return;
    throw pg::error_of(
        violation<Rule::option_host>(option, with<"host">(endpoint.host), with<"port">(endpoint.port)));
}

void warn(const std::string& problem) {
    if (problem.empty()) return;
    const char* text = problem.c_str();
    pg::call([text] {
        ereport(
            WARNING, errmsg_internal("%s", text),
            errdetail("Nothing is sent to the target until the server can read this file or variable."),
            errhint(
                "The operating system user that runs the server must be able to read the file. A variable "
                "must be set in the environment of the server."));
    });
}

// Warns of what the server cannot read now. It may become readable before the target is used.
void warn_of_unreadable(const TargetOptions& options) {
    if (options.key_source != KeySource::none) warn(problem_of_key(options));
    if (!options.ca_file.empty()) warn(problem_of_file("ca_file", options.ca_file));
    if (!options.client_cert_file.empty())
        warn(problem_of_file("client_cert_file", options.client_cert_file));
    if (!options.client_key_file.empty()) warn(problem_of_file("client_key_file", options.client_key_file));
}

void validate(std::span<const GivenOption> given, OptionHome home) {
    TargetOptions options;
    bool trusted = pg::call([] { return superuser(); });
    for (const GivenOption& option : given) {
        if (!trusted && reads_server(home, option.name))
            throw pg::error_of(violation<Rule::option_privilege>(option.name));
        if (auto broken = set_option(options, home, option.name, option.value)) throw pg::error_of(*broken);
    }
    if (home != OptionHome::server) {
        warn_of_unreadable(options);
        return;
    }
    if (auto broken = complete(options, DefaultEvents::of_format)) throw pg::error_of(*broken);
    // pg_upgrade creates the servers that there are, whatever today's rules and settings say of them.
    if (IsBinaryUpgrade) return;
    for (const GivenOption& option : given)
        if (auto broken = misplaced(options, option.name)) throw pg::error_of(*broken);
    if (auto broken = options.events.mistake()) throw pg::error_of(*broken);
    check_host("url", options.endpoint, !options.proxy.empty());
    check_host("proxy", options.proxy_endpoint, false);
    warn_of_unreadable(options);
}

}  // namespace

void validate_options(std::span<const GivenOption> given, Oid catalog) {
    // An update writes the options that a target has, valid by today's rules or not.
    if (creating_extension && CurrentExtensionObject == get_extension_oid("eventlog", true)) return;
    if (catalog == ForeignServerRelationId) {
        validate(given, OptionHome::server);
    } else if (catalog == UserMappingRelationId) {
        validate(given, OptionHome::user_mapping);
    } else if (!given.empty()) {
        throw pg::error_of(violation<Rule::option_of_wrapper>(given[0].name));
    }
}

}  // namespace eventlog::forward
