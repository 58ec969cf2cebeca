#include "forward/flight.h"

#include "forward/compress.h"
#include "store/columns.h"

namespace eventlog::forward {

Flight::Flight(Http& http, ClaimedBatch claimed) : http_(http), claimed_(std::move(claimed)) {}

Flight::~Flight() {
    http_.abort(request_);
}

void Flight::send(const TargetOptions& options, int64_t now_ms) {
    const Format& format = *options.format;
    const Batch& batch = claimed_.batch;
    std::string token = batch.token();
    Attempt attempt{GetCurrentTimestamp() + store::kEpochDifference, token};
    std::string body;
    batch.body(body, attempt);
    std::vector<std::string> headers{"Content-Type: " + std::string(format.content_type), "Expect:"};
    headers.insert(headers.end(), batch.headers().begin(), batch.headers().end());
    if (format.add_headers != nullptr) format.add_headers(headers, attempt);
    if (!options.api_key.empty())
        headers.push_back(std::string(format.key_header.name) + ": " + std::string(format.key_header.prefix) +
                          options.api_key);
    if (options.compresses()) {
        std::string packed;
        if (gzip(body, packed)) {
            body = std::move(packed);
            headers.emplace_back("Content-Encoding: gzip");
        }
    }
    std::string url = endpoint_of(options);
    if (format.complete_url != nullptr) format.complete_url(url, attempt);
    request_.set(url, headers, std::move(body), options.timeout_ms);
    sent_ms_ = now_ms;
    http_.start(request_);
}

}  // namespace eventlog::forward
