#include "forward/probe.h"

#include "forward/compose_request.h"
#include "forward/delivery/reason.h"
#include "forward/http_client.h"
#include "pg/clock.h"

namespace eventlog::forward {
namespace {

constexpr size_t kMaxAnswer = 500;  // bytes of the answer that are shown

// A request without events, on its way.
struct Trial {
    Credentials credentials;
    std::string no_key;  // why the key cannot be sent; empty if it can
    Answer answer;
    Reached reached;
};

bool has_key(const TargetOptions& options) {
    return options.key_source != KeySource::none || !options.secret_headers.empty();
}

void send(const TargetOptions& options, Trial& trial) {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (initialized != CURLE_OK) throw std::bad_alloc();
    constexpr std::string_view kToken = "test";
    const Attempt attempt{pg::unix_micros_now(), kToken};
    const bool asks = options.format->has_empty_request;
    std::string body;
    if (asks) options.format->compose(body, {}, attempt);
    Outgoing outgoing;
    const bool composed =
        compose_request(options, attempt, std::move(body), {}, outgoing, trial.credentials, trial.no_key);
    outgoing.only_connects = !asks || !composed;
    runtime::EventLoop loop(pg::Wait::test_target);
    HttpClient http(loop);
    struct Request {
        explicit Request(HttpClient& http) : http(http) {}
        ~Request() { http.abort(request); }
        HttpClient& http;
        HttpRequest request;
    } sent(http);
    sent.request.set(std::move(outgoing), trial.credentials);
    http.start(sent.request);
    while (sent.request.under_way()) loop.wait(runtime::EventLoop::kNever);
    trial.reached = sent.request.reached();
    sent.request.take_answer(trial.answer);
    hide_secrets(trial.credentials.secrets, trial.answer);
}

std::string failure_of(const Answer& answer) {
    if (answer.not_allowed) return "eventlog.allowed_hosts does not allow the host or its address";
    return answer.error.empty() ? "no answer" : answer.error;
}

std::string peer_of(const TargetOptions& options) {
    const bool proxied = !options.proxy.empty();
    const Endpoint& peer = proxied ? options.proxy_endpoint : options.endpoint;
    return (proxied ? "proxy " : "host ") + rules::quote(peer.host);
}

// Returns whether the name of the peer was resolved. A host that is not allowed is refused by its name,
// before it is resolved, or by its address.
bool is_resolved(const Trial& trial) {
    const CURLcode result = trial.reached.result;
    return trial.reached.resolved && result != CURLE_COULDNT_RESOLVE_HOST &&
           result != CURLE_COULDNT_RESOLVE_PROXY;
}

ProbeStep key_step(const TargetOptions& options, const Declaration& declaration, const Trial& trial) {
    if (!trial.no_key.empty()) return {"key", false, trial.no_key};
    const long status = trial.answer.status;
    if (!has_key(options)) {
        const bool refused = status == 401 || status == 403;
        return {"key", refused ? std::optional(false) : std::nullopt, missing_key(declaration).substr(2)};
    }
    if (status == 401 || status == 403)
        return {"key", false, "the endpoint answered " + std::to_string(status) + " to the key"};
    if (status >= 200 && status < 300) return {"key", true, "the endpoint took a request with the key"};
    return {"key", std::nullopt, "the key was sent, but the answer does not tell whether it is right"};
}

ProbeStep answer_step(const TargetOptions& options, const Trial& trial) {
    const Answer& answer = trial.answer;
    std::string detail = "the endpoint answered " + std::to_string(answer.status);
    if (std::string text = readable_text(answer.body, kMaxAnswer); !text.empty()) detail += ": " + text;
    switch (judge_answer(*options.format, {answer.status, answer.body, answer.exception}, 0).verdict) {
        case Verdict::accepted:
            return {"answer", true, detail};
        case Verdict::event_refused:
        case Verdict::too_large:
            return {"answer", std::nullopt, detail + "; it may take only requests that have events"};
        case Verdict::retry:
        case Verdict::unauthorized:
        case Verdict::wrong_address:
            break;
    }
    return {"answer", false, detail};
}

}  // namespace

std::vector<ProbeStep> probe(const Declaration& declaration) {
    const TargetOptions& options = declaration.options;
    if (!declaration.invalid.empty()) return {{"options", false, declaration.invalid}};
    Trial trial;
    send(options, trial);
    std::vector<ProbeStep> steps;
    const std::string peer = peer_of(options);
    const std::string failure = failure_of(trial.answer);
    if (!is_resolved(trial)) {
        steps.push_back({"resolve", false, peer + ": " + failure});
        return steps;
    }
    steps.push_back({"resolve", true, peer + " is resolved"});
    if (!trial.reached.connected) {
        steps.push_back({"connect", false, failure});
        return steps;
    }
    const std::string place = trial.reached.address.empty()
                                  ? peer
                                  : trial.reached.address + ", port " + std::to_string(trial.reached.port);
    steps.push_back({"connect", true, "connected to " + place});
    if (options.url.starts_with("https://")) {
        steps.push_back({"tls", trial.reached.secured,
                         trial.reached.secured ? "the endpoint's certificate is valid" : failure});
        if (!trial.reached.secured) return steps;
    }
    if (trial.no_key.empty() && options.format->has_empty_request && trial.answer.status == 0) {
        steps.push_back({"answer", false, failure});
        return steps;
    }
    steps.push_back(key_step(options, declaration, trial));
    if (trial.answer.status != 0)
        steps.push_back(answer_step(options, trial));
    else
        steps.push_back({"answer", std::nullopt,
                         trial.no_key.empty()
                             ? "nothing was sent, because each request of the format is an event"
                             : "nothing was sent without the key"});
    return steps;
}

}  // namespace eventlog::forward
