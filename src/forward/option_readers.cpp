#include "forward/option_readers.h"

#include <charconv>

#include "event/formats.h"
#include "event/normalise.h"
#include "forward/encode/webhook_signature.h"
#include "forward/policy/header_lines.h"
#include "net/url.h"
#include "ids/ulid.h"

namespace eventlog::forward {
namespace {

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (size_t i = 0; i < text.size(); i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

bool is_variable_name(std::string_view text) {
    if (text.empty() || isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
    for (char c : text)
        if (c != '_' && isalnum(static_cast<unsigned char>(c)) == 0) return false;
    return true;
}

OptionProblem set_key(TargetOptions& options, KeySource source, std::string_view key) {
    if (options.key_source != KeySource::none)
        return wanted("A user mapping has one of api_key, api_key_file and api_key_env.");
    options.key_source = source;
    options.key = key;
    return {};
}

OptionProblem add_headers(std::vector<std::string>& lines, std::string_view value, bool credentials) {
    HeaderFault fault = parse_headers(value, credentials, lines);
    if (fault.sentence.empty() && !lines.empty()) return {};
    if (fault.sentence.empty()) return wanted("At least one header is wanted.");
    return wanted(std::move(fault.sentence),
                  fault.is_credential ? "Put it into the option headers of the user mapping." : "");
}

}  // namespace

OptionProblem read_whole_number(std::string_view value, int least, int most, int& number) {
    int read = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
    if (error != std::errc() || end != value.data() + value.size() || read < least || read > most)
        return wanted("A whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                      " is wanted.");
    number = read;
    return {};
}

OptionProblem read_path(std::string_view value, std::string& path) {
    if (!value.starts_with('/') || has_control(value))
        return wanted("The absolute path of a file is wanted.");
    path = value;
    return {};
}

OptionProblem read_url(TargetOptions& options, std::string_view value) {
    std::string text(value);
    net::Url url(text);
    std::string scheme = url.valid() ? url.part(CURLUPART_SCHEME) : "";
    if ((scheme != "http" && scheme != "https") || url.has_credentials() ||
        value.find(":///") != std::string_view::npos)
        return wanted("An absolute http or https URL without user name and password is wanted.");
    options.endpoint = {url.part(CURLUPART_HOST), url.port()};
    options.url = std::move(text);
    return {};
}

OptionProblem read_format(TargetOptions& options, std::string_view value) {
    if (find_format(value) == nullptr)
        return wanted("It is not the name of a format.", "Formats are: " + format_names() + ".");
    options.format_name = value;
    return {};
}

OptionProblem read_mode(TargetOptions& options, std::string_view value) {
    if (value.empty()) return wanted("The name of a mode is wanted.");
    options.mode = value;
    return {};
}

OptionProblem read_events(TargetOptions& options, std::string_view value) {
    const char* sentence = Selection::parse(value, options.events);
    if (sentence == nullptr) return {};
    return wanted(
        sentence,
        "Events are selected by \"flagged\", \"all\", or name patterns: \"order.*, !order.viewed\".");
}

OptionProblem read_start_at(TargetOptions& options, std::string_view value) {
    if (value != "now" && value != "beginning" && !ids::parse_ulid(value) && !is_uuid(value))
        return wanted("One of \"now\", \"beginning\", a ULID and a uuid is wanted.");
    options.start_at = value;
    return {};
}

OptionProblem read_compression(TargetOptions& options, std::string_view value) {
    if (value != "gzip" && value != "none") return wanted("One of \"gzip\" and \"none\" is wanted.");
    options.gzip = value == "gzip";
    return {};
}

OptionProblem read_max_name_length(TargetOptions& options, std::string_view value) {
    int length = 0;
    OptionProblem problem = read_whole_number(value, 1, 256, length);
    if (problem.fault == OptionFault::none) options.encode.max_name_length = static_cast<size_t>(length);
    return problem;
}

OptionProblem read_max_value_length(TargetOptions& options, std::string_view value) {
    int length = 0;
    if (read_whole_number(value, 0, 1048576, length).fault != OptionFault::none)
        return wanted("A whole number from 0 (no limit) to 1048576 is wanted.");
    options.encode.max_value_length = static_cast<size_t>(length);
    return {};
}

OptionProblem read_user_principal(TargetOptions& options, std::string_view value) {
    if (event::trim(value).empty() || event::characters(value) > 64)
        return wanted("A text of 1 to 64 characters is wanted.");
    options.encode.user_principal = event::trim(value);
    return {};
}

OptionProblem read_user_id(TargetOptions& options, std::string_view value) {
    if (value != "principal" && value != "actor")
        return wanted("One of \"principal\" and \"actor\" is wanted.");
    options.encode.user_is_actor = value == "actor";
    return {};
}

OptionProblem read_headers(TargetOptions& options, std::string_view value) {
    return add_headers(options.headers, value, false);
}

OptionProblem read_proxy(TargetOptions& options, std::string_view value) {
    std::string text(value);
    net::Url url(text);
    std::string scheme = url.valid() ? url.part(CURLUPART_SCHEME) : "";
    bool known = scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h";
    // libcurl 8.22 knows the default port of SOCKS, and 7.88 does not.
    bool has_port =
        url.valid() && url.port() != 0 && (!scheme.starts_with("socks") || !url.part(CURLUPART_PORT).empty());
    if (!known || !has_port || url.has_credentials())
        return wanted(
            "An http, https, socks5 or socks5h URL with a port and without user name and password is wanted.",
            "Credentials for a proxy go into the option headers of the user mapping, as "
            "Proxy-Authorization.");
    options.proxy_endpoint = {url.part(CURLUPART_HOST), url.port()};
    options.proxy = std::move(text);
    return {};
}

OptionProblem read_api_key(TargetOptions& options, std::string_view value) {
    if (value.empty() || has_control(value)) return wanted("A key without control characters is wanted.");
    return set_key(options, KeySource::option, value);
}

OptionProblem read_api_key_file(TargetOptions& options, std::string_view value) {
    std::string path;
    if (OptionProblem problem = read_path(value, path); problem.fault != OptionFault::none) return problem;
    return set_key(options, KeySource::file, path);
}

OptionProblem read_api_key_env(TargetOptions& options, std::string_view value) {
    if (!is_variable_name(value)) return wanted("The name of an environment variable is wanted.");
    return set_key(options, KeySource::environment, value);
}

OptionProblem read_secret_headers(TargetOptions& options, std::string_view value) {
    return add_headers(options.secret_headers, value, true);
}

OptionProblem read_signing_secret(TargetOptions& options, std::string_view value) {
    std::optional<std::string> key = signing_key(value);
    if (!key)
        return wanted("A secret of Standard Webhooks is wanted: \"whsec_\" and 24 to 64 bytes in base64.");
    options.signing_key = std::move(*key);
    return {};
}

}  // namespace eventlog::forward
