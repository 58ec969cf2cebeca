// The HTTP client of the worker. It runs the requests of several targets at once with libcurl's multi
// interface, driven by the event loop of the process. No transaction is open while a request is under way.
#pragma once

#include "pg/server.h"

#include "forward/http_request.h"
#include "runtime/event_loop.h"

namespace eventlog::forward {

class HttpClient final : public runtime::EventLoop::User {
  public:
    // Requests make progress while `loop` waits. `loop` must outlive the client.
    explicit HttpClient(runtime::EventLoop& loop);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    void start(HttpRequest& request);
    // Aborts a request. Does nothing if it is not under way.
    void abort(HttpRequest& request);

    void on_ready(pgsocket socket, uint32 events) override;
    int64_t due_ms() const override { return due_ms_; }
    void on_due() override;

  private:
    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* client, void* unused) noexcept;
    static int on_timer(CURLM* multi, long timeout_ms, void* client) noexcept;
    void act(curl_socket_t socket, int events);
    void collect_ended();

    runtime::EventLoop& loop_;
    CURLM* multi_;
    int64_t due_ms_ = runtime::EventLoop::kNever;
};

}  // namespace eventlog::forward
