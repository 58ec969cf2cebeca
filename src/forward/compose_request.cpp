#include "forward/compose_request.h"

#include "forward/compress.h"
#include "forward/encode/webhook_signature.h"
#include "settings.h"

namespace eventlog::forward {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

}  // namespace

bool compose_request(const TargetOptions& options, const Attempt& attempt, std::string body,
                     std::span<const std::string> event_headers, Outgoing& outgoing, Credentials& credentials,
                     std::string& problem) {
    const Format& format = *options.format;
    outgoing.url = endpoint_of(options);
    outgoing.endpoint = options.endpoint;
    outgoing.timeout_ms = options.timeout_ms;
    outgoing.ca_file = options.ca_file;
    outgoing.client_cert_file = options.client_cert_file;
    outgoing.client_key_file = options.client_key_file;
    outgoing.proxy = options.proxy;
    outgoing.proxy_endpoint = options.proxy_endpoint;
    outgoing.hosts = settings::host_policy();
    if (format.complete_url != nullptr) format.complete_url(outgoing.url, attempt);
    outgoing.body = std::move(body);
    std::vector<std::string>& headers = outgoing.headers;
    headers = {"Content-Type: " + std::string(format.content_type), "Expect:"};
    headers.insert(headers.end(), event_headers.begin(), event_headers.end());
    headers.insert(headers.end(), options.headers.begin(), options.headers.end());
    if (format.add_headers != nullptr) format.add_headers(headers, attempt);
    if (!fetch_credentials(options, credentials, problem)) return false;
    if (!options.signing_key.empty() && !add_signature(headers, options.signing_key, attempt.token,
                                                       attempt.now / kMicrosPerSecond, outgoing.body)) {
        problem = "the request could not be signed";
        return false;
    }
    if (options.compresses()) {
        std::string packed;
        if (gzip(outgoing.body, packed)) {
            outgoing.body = std::move(packed);
            headers.emplace_back("Content-Encoding: gzip");
        }
    }
    return true;
}

}  // namespace eventlog::forward
