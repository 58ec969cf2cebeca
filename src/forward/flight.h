// A batch on its way to the endpoint: one request after the other, until each of its events has been taken or
// refused.
#pragma once

#include "pg/server.h"

#include "forward/batch_source.h"
#include "forward/http_client.h"
#include "forward/secrets.h"

namespace eventlog::forward {

class Flight {
  public:
    Flight(HttpClient& http, ClaimedBatch claimed);
    ~Flight();
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    Batch& batch() { return claimed_.batch; }
    const ClaimedBatch& claimed() const { return claimed_; }
    bool under_way() const { return request_.under_way(); }
    // Waits for its next request to be sent.
    bool waits() const { return !request_.open() && claimed_.batch.pending(); }
    // Everything has been answered: it may be settled.
    bool is_done() const { return !request_.open() && !claimed_.batch.pending(); }
    // On the worker's clock.
    int64_t sent_ms() const { return sent_ms_; }

    // Starts the next request. False when it cannot be made, and then `problem` says why.
    bool send(const TargetOptions& options, int64_t now_ms, std::string& problem);
    // True once after a request has ended. What it says of the target's secrets is starred out.
    bool take_answer(Answer& answer);

  private:
    HttpClient& http_;
    ClaimedBatch claimed_;
    HttpRequest request_;
    Credentials credentials_;  // of the request under way
    int64_t sent_ms_ = 0;
};

}  // namespace eventlog::forward
