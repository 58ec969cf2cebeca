#include "forward/options.h"

#include "forward/option_readers.h"
#include "net/url.h"

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::violation;
using rules::Violation;
using rules::with;

struct Option {
    std::string_view name;
    OptionHome home;
    OptionReader read;
    bool reads_server = false;
    std::string_view formats = {};  // the formats that have it, each followed by a space; empty: all
};

constexpr std::string_view kStatsigOnly = "statsig ";
constexpr std::string_view kOfUsers = "statsig segment ";
constexpr std::string_view kOfModes = "ndjson cloudevents ";

constexpr Option kOptions[] = {
    {"url", OptionHome::server, read_url},
    {"format", OptionHome::server, read_format},
    {"mode", OptionHome::server, read_mode, false, kOfModes},
    {"events", OptionHome::server, read_events},
    {"start_at", OptionHome::server, read_start_at},
    {"batch_events", OptionHome::server, read_number<&TargetOptions::batch_events, 1, 10000>},
    {"batch_bytes", OptionHome::server, read_number<&TargetOptions::batch_bytes, 1024, 67108864>},
    {"linger_ms", OptionHome::server, read_number<&TargetOptions::linger_ms, 0, 60000>},
    {"timeout_ms", OptionHome::server, read_number<&TargetOptions::timeout_ms, 1, 600000>},
    {"max_in_flight", OptionHome::server, read_number<&TargetOptions::max_in_flight, 1, 64>},
    {"compression", OptionHome::server, read_compression},
    {"headers", OptionHome::server, read_headers},
    {"ca_file", OptionHome::server, read_file<&TargetOptions::ca_file>, true},
    {"client_cert_file", OptionHome::server, read_file<&TargetOptions::client_cert_file>, true},
    {"client_key_file", OptionHome::server, read_file<&TargetOptions::client_key_file>, true},
    {"proxy", OptionHome::server, read_proxy},
    {"max_name_length", OptionHome::server, read_max_name_length, false, kStatsigOnly},
    {"max_value_length", OptionHome::server, read_max_value_length, false, kStatsigOnly},
    {"user_principal", OptionHome::server, read_user_principal, false, kOfUsers},
    {"user_id", OptionHome::server, read_user_id, false, kOfUsers},
    {"api_key", OptionHome::user_mapping, read_api_key},
    {"api_key_file", OptionHome::user_mapping, read_api_key_file, true},
    {"api_key_env", OptionHome::user_mapping, read_api_key_env, true},
    {"headers", OptionHome::user_mapping, read_secret_headers},
    {"signing_secret", OptionHome::user_mapping, read_signing_secret},
};

const Option* find_option(OptionHome home, std::string_view name) {
    for (const Option& option : kOptions)
        if (option.home == home && option.name == name) return &option;
    return nullptr;
}

bool has_option(std::string_view format, const Option& option) {
    return option.formats.empty() || option.formats.find(std::string(format) + " ") != std::string_view::npos;
}

// Returns the names of the options; those of one format, or of all formats if `format` is empty.
std::string names_of(OptionHome home, std::string_view format = {}) {
    std::string names;
    for (const Option& option : kOptions) {
        if (option.home != home || (!format.empty() && !has_option(format, option))) continue;
        if (!names.empty()) names += ", ";
        names += option.name;
    }
    return names;
}

}  // namespace

std::optional<Violation> set_option(TargetOptions& options, OptionHome home, std::string_view name,
                                    std::string_view value) {
    const Option* option = find_option(home, name);
    if (option != nullptr) return option->read(options, option->name, value);
    if (home == OptionHome::server && find_option(OptionHome::user_mapping, name) != nullptr)
        return violation<Rule::option_of_mapping>(name);
    if (home == OptionHome::user_mapping && find_option(OptionHome::server, name) != nullptr)
        return violation<Rule::option_of_server>(name);
    return violation<Rule::option_unknown>(name, with<"options">(names_of(home)));
}

bool reads_server(OptionHome home, std::string_view name) {
    const Option* option = find_option(home, name);
    return option != nullptr && option->reads_server;
}

std::optional<Violation> complete(TargetOptions& options, DefaultEvents default_events) {
    if (options.url.empty()) return violation<Rule::option_required>("url");
    if (options.format_name.empty()) return violation<Rule::option_required>("format");
    options.format = find_format(options.format_name, options.mode);
    if (options.format == nullptr) {
        const auto format = with<"format">(options.format_name);
        const std::string modes = mode_names(options.format_name);
        if (modes.empty()) return violation<Rule::option_no_modes>("mode", format);
        return violation<Rule::option_mode>("mode", format, with<"found">(options.mode),
                                            with<"modes">(modes));
    }
    if (!options.events_given && default_events == DefaultEvents::of_format && !options.format->only_flagged)
        options.events = Selection::of_all();
    if (options.client_cert_file.empty() != options.client_key_file.empty())
        return violation<Rule::option_of_certificate>(options.client_cert_file.empty() ? "client_cert_file"
                                                                                       : "client_key_file");
    return std::nullopt;
}

std::optional<Violation> misplaced(const TargetOptions& options, std::string_view name) {
    const Option* option = find_option(OptionHome::server, name);
    if (option == nullptr || has_option(options.format_name, *option)) return std::nullopt;
    return violation<Rule::option_of_format>(
        name, with<"format">(options.format_name),
        with<"options">(names_of(OptionHome::server, options.format_name)));
}

std::string endpoint_of(const TargetOptions& options) {
    net::Url url(options.url);
    if (!url.valid() || url.part(CURLUPART_PATH) != "/") return options.url;
    return url.with_path(options.format->default_path);
}

}  // namespace eventlog::forward
