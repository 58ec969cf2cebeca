// The options of a target, which CREATE SERVER … FOREIGN DATA WRAPPER eventlog and its user mapping accept.
// The validator and the worker use the same table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forward/encode/format.h"
#include "forward/policy/selection.h"
#include "rules/violation.h"

namespace eventlog::forward {

// The source of a key.
enum class KeySource : uint8_t { none, option, file, environment };

// A host that receives requests.
struct Endpoint {
    std::string host;
    int port = 0;

    bool operator==(const Endpoint&) const = default;
};

struct TargetOptions {
    std::string url;
    Endpoint endpoint;  // the host of the url
    std::string format_name;
    std::string mode;
    const Format* format = nullptr;  // set by complete()
    Selection events;
    bool events_given = false;  // false: complete() sets the default
    std::string start_at = "now";
    int batch_events = 500;
    int batch_bytes = 1048576;
    int linger_ms = 0;
    int timeout_ms = 30000;
    int max_in_flight = 1;
    std::optional<bool> gzip;  // absent: the format's default
    EncodeOptions encode;
    std::vector<std::string> headers;  // lines
    std::string ca_file;
    std::string client_cert_file;
    std::string client_key_file;
    std::string proxy;
    Endpoint proxy_endpoint;

    // Options of the user mapping.
    KeySource key_source = KeySource::none;
    std::string key;                          // the key, or the name of its file or environment variable
    std::vector<std::string> secret_headers;  // lines
    std::string signing_key;                  // for Standard Webhooks

    bool operator==(const TargetOptions&) const = default;
    // A signature covers the body as it is sent. A receiver behind a component that decompresses it could not
    // verify the signature.
    bool compresses() const { return gzip.value_or(format->gzip_by_default && signing_key.empty()); }
};

// The object that an option belongs to.
enum class OptionHome : uint8_t { server, user_mapping };

// Reads one option into `options`; what is wrong with it, or nothing.
std::optional<rules::Violation> set_option(TargetOptions& options, OptionHome home, std::string_view name,
                                           std::string_view value);

// Returns whether the option makes the server read one of its own files or variables, which only a superuser
// may request.
bool reads_server(OptionHome home, std::string_view name);

// The events that a target is sent if it does not have the option `events`.
enum class DefaultEvents : uint8_t {
    of_format,  // flagged for formats of services that are sent flagged events, and all for the others
    flagged,    // as in the releases before 0.3.0
};

// Ends the reading of a server's options: what is missing or does not fit together, or nothing.
std::optional<rules::Violation> complete(TargetOptions& options, DefaultEvents default_events);

// Returns what is wrong with an option of the server if the target's format does not have it. Only options
// that are being written are checked in this way.
std::optional<rules::Violation> misplaced(const TargetOptions& options, std::string_view name);

// Returns the address of requests: the url, with the format's default path if the url has no path.
std::string endpoint_of(const TargetOptions& options);

}  // namespace eventlog::forward
