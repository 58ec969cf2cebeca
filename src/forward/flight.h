// A batch on its way to the endpoint. One request follows the other until each event has been taken or
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
    // Returns whether a request is under way, or has ended with an answer that was not taken yet.
    bool under_way() const { return request_.open(); }
    // Returns whether the next request waits to be sent.
    bool waits() const { return !under_way() && claimed_.batch.pending(); }
    // Returns whether everything has been answered, so that the batch may be settled.
    bool is_done() const { return !under_way() && !claimed_.batch.pending(); }
    // Returns the time at which the request was sent, on the worker's clock.
    int64_t sent_ms() const { return sent_ms_; }

    // Starts the next request. If it cannot be made, returns false and stores the reason in `problem`.
    bool send(const TargetOptions& options, int64_t now_ms, std::string& problem);
    // Returns true once after a request has ended, with the answer and its judgement. Secrets of the target
    // in their texts are replaced by stars.
    bool take_answer(Answer& answer, Judgement& judgement);

  private:
    HttpClient& http_;
    ClaimedBatch claimed_;
    HttpRequest request_;
    Credentials credentials_;  // of the request that is under way
    int64_t sent_ms_ = 0;
};

}  // namespace eventlog::forward
