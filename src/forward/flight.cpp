#include "forward/flight.h"

#include "forward/compress.h"
#include "forward/encode/webhook_signature.h"
#include "pg/clock.h"
#include "settings.h"

namespace eventlog::forward {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

}  // namespace

Flight::Flight(HttpClient& http, ClaimedBatch claimed) : http_(http), claimed_(std::move(claimed)) {}

Flight::~Flight() {
    http_.abort(request_);
}

bool Flight::send(const TargetOptions& options, int64_t now_ms, std::string& problem) {
    const Format& format = *options.format;
    const Batch& batch = claimed_.batch;
    std::string token = batch.token();
    Attempt attempt{pg::unix_micros_now(), token};
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
    if (!fetch_credentials(options, credentials_, problem)) return false;
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
    request_.set(std::move(outgoing), credentials_);
    sent_ms_ = now_ms;
    http_.start(request_);
    return true;
}

bool Flight::take_answer(Answer& answer, Judgement& judgement) {
    if (!request_.take_answer(answer)) return false;
    const Batch& batch = claimed_.batch;
    judgement = answer.status == 0
                    ? Judgement{}
                    : judge_answer(batch.format(), {answer.status, answer.body, answer.exception},
                                   batch.range_size());
    // The judge may decode what the endpoint says, so its note is searched for secrets by itself.
    const bool is_cut = answer.body.size() >= HttpRequest::kMaxBody;
    judgement.note = without_secrets(credentials_.secrets, judgement.note, is_cut);
    answer.body = without_secrets(credentials_.secrets, answer.body, is_cut);
    answer.error = without_secrets(credentials_.secrets, answer.error, true);
    credentials_ = {};
    return true;
}

}  // namespace eventlog::forward
