// HTTP for the worker: requests of several targets at once over libcurl's multi interface, driven by the
// process's own wait. No transaction is open while a request is under way.
#pragma once

#include "pg/server.h"

#include "forward/http_request.h"

namespace eventlog::forward {

class HttpClient {
  public:
    HttpClient();
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    void start(HttpRequest& request);
    // Breaks a request off; harmless when none is under way.
    void abort(HttpRequest& request);

    // Waits for the process latch, traffic, or `timeout_ms`, and moves the requests on. Exits the process
    // when the postmaster has died. True when the latch was set. Throws pg::ServerError.
    bool wait(long timeout_ms);

  private:
    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* http, void* unused) noexcept;
    static int on_timer(CURLM* multi, long timeout_ms, void* http) noexcept;
    void rebuild_wait_set();
    void act(curl_socket_t socket, int events);
    void collect_ended();

    CURLM* multi_;
    std::map<curl_socket_t, int> sockets_;  // what curl waits for: CURL_POLL_…
    bool sockets_changed_ = true;
    WaitEventSet* wait_set_ = nullptr;
    int64_t curl_due_ms_ = -1;  // on the monotonic clock; -1: never
};

}  // namespace eventlog::forward
