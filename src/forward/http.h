// HTTP for the worker: requests of several targets at once over libcurl's multi interface, driven by the
// process's own wait. No transaction is open while a request is under way.
#pragma once

#include "pg/server.h"

#include <curl/curl.h>

#include "forward/options.h"
#include "net/host_policy.h"
#include "forward/secrets.h"

namespace eventlog::forward {

// What is sent, and how.
struct Outgoing {
    std::string url;
    Endpoint endpoint;                 // of the url
    std::vector<std::string> headers;  // whole lines, without credentials
    std::string body;
    int timeout_ms = 0;
    std::string ca_file;  // empty: the system's certificate authorities; for an https proxy as well
    std::string client_cert_file;
    std::string client_key_file;
    std::string proxy;  // empty: none
    Endpoint proxy_endpoint;
    net::HostPolicy hosts;
};

// What came back. `status` 0: no answer, and `error` says why.
struct Answer {
    long status = 0;
    std::string body;  // its first kMaxBody bytes
    std::string error;
    int64_t retry_after_ms = 0;  // what Retry-After asked for, in either of its forms
    bool not_allowed = false;  // no answer, since the host policy admits no address of the host; or the name
};

// One POST at a time to one endpoint. Connections are kept for the next.
class HttpRequest {
  public:
    static constexpr size_t kMaxBody = 65536;
    // A body longer than this is not read to its end.
    static constexpr size_t kMaxRead = 1048576;

    HttpRequest();
    ~HttpRequest();
    HttpRequest(const HttpRequest&) = delete;
    HttpRequest& operator=(const HttpRequest&) = delete;

    // Sets what is sent next. The credentials are copied, and the copies wiped once the request has ended.
    void set(Outgoing outgoing, const Credentials& credentials);

    bool under_way() const { return under_way_; }
    // Under way, or ended with an answer that nobody has taken.
    bool open() const { return under_way_ || ended_; }
    // True once after the request has ended.
    bool take_answer(Answer& answer);

  private:
    friend class Http;
    static size_t on_body(char* data, size_t size, size_t count, void* request) noexcept;
    static curl_socket_t on_open_socket(void* request, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static int on_close_socket(void* unused, curl_socket_t socket) noexcept;
    static int on_connected(void* request, char* address, char* local, int port, int local_port) noexcept;
    void set_defaults();
    void set_tls();
    bool admits_name() const;
    bool admits(const net::Address& address) noexcept;
    void ended(CURLcode result) noexcept;
    void forget_headers() noexcept;

    CURL* easy_;
    curl_slist* headers_ = nullptr;
    curl_slist* proxy_headers_ = nullptr;
    Outgoing outgoing_;
    Answer answer_;
    char error_[CURL_ERROR_SIZE] = {};
    size_t read_ = 0;
    bool refused_address_ = false;   // the policy did not admit an address of the peer
    bool admitted_address_ = false;  // it admitted one
    bool out_of_descriptors_ = false;
    bool under_way_ = false;
    bool ended_ = false;
};

class Http {
  public:
    Http();
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

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
