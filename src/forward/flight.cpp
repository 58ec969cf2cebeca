#include "forward/flight.h"

#include "forward/compose_request.h"
#include "forward/delivery/reason.h"
#include "pg/clock.h"

namespace eventlog::forward {
Flight::Flight(HttpClient& http, ClaimedBatch claimed) : http_(http), claimed_(std::move(claimed)) {}

Flight::~Flight() {
    http_.abort(request_);
}

bool Flight::send(const TargetOptions& options, int64_t now_ms, std::string& problem) {
    const Batch& batch = claimed_.batch;
    const std::string token = batch.token();
    const Attempt attempt{pg::unix_micros_now(), token};
    std::string body;
    batch.body(body, attempt);
    Outgoing outgoing;
    if (!compose_request(options, attempt, std::move(body), batch.headers(), outgoing, credentials_, problem))
        return false;
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
    judgement.note =
        readable_text(without_secrets(credentials_.secrets, judgement.note, is_cut), Batch::kMaxReasonBytes);
    hide_secrets(credentials_.secrets, answer);
    credentials_ = {};
    return true;
}

}  // namespace eventlog::forward
