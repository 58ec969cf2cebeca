#include "forward/option_readers.h"

#include <charconv>

#include "event/characters.h"
#include "event/normalise.h"
#include "forward/encode/webhook_signature.h"
#include "forward/policy/header_lines.h"
#include "net/host_policy.h"
#include "net/url.h"
#include "ids/ulid.h"

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::violation;
using rules::with;

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

OptionResult set_key(TargetOptions& options, KeySource source, std::string_view name, std::string_view key) {
    if (options.key_source != KeySource::none) return violation<Rule::option_second_key>(name);
    options.key_source = source;
    options.key = key;
    return std::nullopt;
}

// One of two words.
OptionResult read_choice(std::string_view name, std::string_view value, std::string_view first,
                         std::string_view second, bool& is_first) {
    is_first = value == first;
    if (is_first || value == second) return std::nullopt;
    return violation<Rule::option_choice>(name, with<"first">(first), with<"second">(second),
                                          with<"found">(value));
}

template <Rule rule>
OptionResult read_integer_as(std::string_view name, std::string_view value, int least, int most,
                             int& number) {
    int read = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), read);
    if (error != std::errc() || end != value.data() + value.size() || read < least || read > most)
        return violation<rule>(name, with<"least">(least), with<"most">(most), with<"found">(value));
    number = read;
    return std::nullopt;
}

}  // namespace

OptionResult read_integer(std::string_view name, std::string_view value, int least, int most, int& number) {
    return read_integer_as<Rule::option_integer>(name, value, least, most, number);
}

OptionResult read_path(std::string_view name, std::string_view value, std::string& path) {
    if (!value.starts_with('/') || has_control(value)) return violation<Rule::option_path>(name);
    path = value;
    return std::nullopt;
}

OptionResult read_url(TargetOptions& options, std::string_view name, std::string_view value) {
    if (value.find("://") == std::string_view::npos) return violation<Rule::option_url_scheme>(name);
    std::string text(value);
    net::Url url(text);
    std::string scheme = url.valid() ? url.part(CURLUPART_SCHEME) : "";
    if ((scheme != "http" && scheme != "https") || url.has_credentials() ||
        value.find(":///") != std::string_view::npos)
        return violation<Rule::option_url>(name);
    if (!net::is_plain_host(url.part(CURLUPART_HOST))) return violation<Rule::option_host_name>(name);
    options.endpoint = {url.part(CURLUPART_HOST), url.port()};
    options.url = std::move(text);
    return std::nullopt;
}

OptionResult read_format(TargetOptions& options, std::string_view name, std::string_view value) {
    if (find_format(value) == nullptr)
        return violation<Rule::option_format>(name, with<"found">(value), with<"formats">(format_names()));
    options.format_name = value;
    return std::nullopt;
}

OptionResult read_mode(TargetOptions& options, std::string_view name, std::string_view value) {
    if (value.empty()) return violation<Rule::option_mode_empty>(name);
    options.mode = value;
    return std::nullopt;
}

OptionResult read_events(TargetOptions& options, std::string_view, std::string_view value) {
    options.events_given = true;
    return Selection::parse(value, options.events);
}

OptionResult read_start_at(TargetOptions& options, std::string_view name, std::string_view value) {
    if (value != "now" && value != "beginning" && !ids::parse_ulid(value) && !is_uuid(value))
        return violation<Rule::option_start_at>(name, with<"found">(value));
    options.start_at = value;
    return std::nullopt;
}

OptionResult read_compression(TargetOptions& options, std::string_view name, std::string_view value) {
    bool is_gzip = false;
    if (auto broken = read_choice(name, value, "gzip", "none", is_gzip)) return broken;
    options.gzip = is_gzip;
    return std::nullopt;
}

OptionResult read_max_name_length(TargetOptions& options, std::string_view name, std::string_view value) {
    int length = 0;
    if (auto broken = read_integer(name, value, 1, 256, length)) return broken;
    options.encode.max_name_length = static_cast<size_t>(length);
    return std::nullopt;
}

OptionResult read_max_value_length(TargetOptions& options, std::string_view name, std::string_view value) {
    int length = 0;
    if (auto broken = read_integer_as<Rule::option_value_length>(name, value, 0, 1048576, length))
        return broken;
    options.encode.max_value_length = static_cast<size_t>(length);
    return std::nullopt;
}

OptionResult read_user_principal(TargetOptions& options, std::string_view name, std::string_view value) {
    constexpr size_t kMaxCharacters = 64;
    const size_t found = event::is_blank(value) ? 0 : event::characters(value);
    if (found == 0 || found > kMaxCharacters)
        return violation<Rule::option_text>(name, with<"limit">(kMaxCharacters), with<"found">(found));
    options.encode.user_principal = event::trim(value);
    return std::nullopt;
}

OptionResult read_user_id(TargetOptions& options, std::string_view name, std::string_view value) {
    return read_choice(name, value, "actor", "principal", options.encode.user_is_actor);
}

OptionResult read_headers(TargetOptions& options, std::string_view, std::string_view value) {
    return parse_headers(value, false, options.headers);
}

OptionResult read_proxy(TargetOptions& options, std::string_view name, std::string_view value) {
    std::string text(value);
    net::Url url(text);
    std::string scheme = url.valid() ? url.part(CURLUPART_SCHEME) : "";
    bool known = scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h";
    // libcurl 8.22 knows the default port of SOCKS, and 7.88 does not.
    bool has_port =
        url.valid() && url.port() != 0 && (!scheme.starts_with("socks") || !url.part(CURLUPART_PORT).empty());
    if (!known || !has_port || url.has_credentials()) return violation<Rule::option_proxy>(name);
    if (!net::is_plain_host(url.part(CURLUPART_HOST))) return violation<Rule::option_host_name>(name);
    options.proxy_endpoint = {url.part(CURLUPART_HOST), url.port()};
    options.proxy = std::move(text);
    return std::nullopt;
}

OptionResult read_api_key(TargetOptions& options, std::string_view name, std::string_view value) {
    if (value.empty() || has_control(value)) return violation<Rule::option_key>(name);
    return set_key(options, KeySource::option, name, value);
}

OptionResult read_api_key_file(TargetOptions& options, std::string_view name, std::string_view value) {
    std::string path;
    if (auto broken = read_path(name, value, path)) return broken;
    return set_key(options, KeySource::file, name, path);
}

OptionResult read_api_key_env(TargetOptions& options, std::string_view name, std::string_view value) {
    if (!is_variable_name(value)) return violation<Rule::option_variable>(name);
    return set_key(options, KeySource::environment, name, value);
}

OptionResult read_secret_headers(TargetOptions& options, std::string_view, std::string_view value) {
    return parse_headers(value, true, options.secret_headers);
}

OptionResult read_signing_secret(TargetOptions& options, std::string_view name, std::string_view value) {
    std::optional<std::string> key = signing_key(value);
    if (!key) return violation<Rule::option_signing_secret>(name);
    options.signing_key = std::move(*key);
    return std::nullopt;
}

}  // namespace eventlog::forward
