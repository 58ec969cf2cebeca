#include "forward/flight.h"

#include "forward/compress.h"
#include "forward/encode/base64.h"
#include "forward/encode/webhook_signature.h"
#include "forward/policy/header_lines.h"
#include "forward/secrets.h"
#include "settings.h"
#include "store/columns.h"

namespace eventlog::forward {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

std::string key_header(const KeyHeader& header, const std::string& key) {
    const std::string name = std::string(header.name) + ": ";
    if (!header.is_basic_user) return name + std::string(header.prefix) + key;
    return name + "Basic " + base64(key + ":");
}

}  // namespace

Flight::Flight(Http& http, ClaimedBatch claimed) : http_(http), claimed_(std::move(claimed)) {}

Flight::~Flight() {
    http_.abort(request_);
}

bool Flight::send(const TargetOptions& options, int64_t now_ms, std::string& problem) {
    const Format& format = *options.format;
    const Batch& batch = claimed_.batch;
    std::string token = batch.token();
    Attempt attempt{GetCurrentTimestamp() + store::kEpochDifference, token};
    Outgoing outgoing;
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
    batch.body(outgoing.body, attempt);
    std::vector<std::string>& headers = outgoing.headers;
    headers = {"Content-Type: " + std::string(format.content_type), "Expect:"};
    headers.insert(headers.end(), batch.headers().begin(), batch.headers().end());
    headers.insert(headers.end(), options.headers.begin(), options.headers.end());
    if (format.add_headers != nullptr) format.add_headers(headers, attempt);
    if (!add_credentials(options, outgoing, problem)) return false;
    if (!options.signing_key.empty() &&
        !add_signature(headers, options.signing_key, token, attempt.now / kMicrosPerSecond, outgoing.body)) {
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
    request_.set(std::move(outgoing));
    sent_ms_ = now_ms;
    http_.start(request_);
    return true;
}

bool Flight::add_credentials(const TargetOptions& options, Outgoing& outgoing, std::string& problem) {
    std::string key;
    secrets_.clear();
    if (!fetch_key(options, key, problem)) return false;
    if (!key.empty()) {
        outgoing.headers.push_back(key_header(options.format->key_header, key));
        secrets_.push_back(key);
    }
    for (const std::string& line : options.secret_headers) {
        bool for_proxy = header_name(line) == "proxy-authorization";
        (for_proxy ? outgoing.proxy_headers : outgoing.headers).push_back(line);
        secrets_.push_back(line.substr(line.find(": ") + 2));
    }
    return true;
}

bool Flight::take_answer(Answer& answer) {
    if (!request_.take_answer(answer)) return false;
    answer.body = without_secrets(secrets_, std::move(answer.body));
    answer.error = without_secrets(secrets_, std::move(answer.error));
    return true;
}

}  // namespace eventlog::forward
