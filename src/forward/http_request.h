// One HTTP request of a target, and the answer to it.
#pragma once

#include "pg/server.h"

#include <curl/curl.h>

#include "forward/options.h"
#include "net/host_policy.h"
#include "forward/secrets.h"

namespace eventlog::forward {

// The request to send, and how it is sent.
struct Outgoing {
    std::string url;
    Endpoint endpoint;                 // of the url
    std::vector<std::string> headers;  // whole lines, without credentials
    std::string body;
    int timeout_ms = 0;
    std::string ca_file;  // empty for the system's certificate authorities; also applies to an https proxy
    std::string client_cert_file;
    std::string client_key_file;
    std::string proxy;  // empty for none
    Endpoint proxy_endpoint;
    net::HostPolicy hosts;
    bool only_connects = false;  // sends no request, but connects and secures the connection
};

// How far a request has come.
struct Reached {
    CURLcode result = CURLE_OK;
    bool resolved = false;   // the name of the peer, which is the proxy if there is one
    bool connected = false;  // to the peer
    bool secured = false;    // by TLS with the endpoint
    std::string address;     // of the peer; empty if it was not reached
    int port = 0;
};

// The answer to a request. If `status` is 0, there was none, and `error` gives the reason.
struct Answer {
    long status = 0;
    std::string body;  // the first kMaxBody bytes, decompressed
    std::string error;
    std::string exception;       // digits of kExceptionHeader
    int64_t retry_after_ms = 0;  // time that Retry-After asked for, in either of its forms
    // True if there is no answer because the host policy refuses the host's name or all its addresses.
    bool not_allowed = false;
};

// Puts stars in place of every secret in what the endpoint and libcurl say, and makes libcurl's text valid
// UTF-8.
void hide_secrets(const SecretTexts& secrets, Answer& answer);

// Sends one POST at a time to one endpoint. Connections are kept for the next request.
class HttpRequest {
  public:
    static constexpr size_t kMaxBody = 65536;
    // A longer body is not read to its end.
    static constexpr size_t kMaxRead = 1048576;

    HttpRequest();
    ~HttpRequest();
    HttpRequest(const HttpRequest&) = delete;
    HttpRequest& operator=(const HttpRequest&) = delete;

    // Sets the next request. The credentials are copied, and the copies are wiped when the request has ended.
    void set(Outgoing outgoing, const Credentials& credentials);

    bool under_way() const { return under_way_; }
    // Returns whether the request is under way, or has ended with an answer that was not taken yet.
    bool open() const { return under_way_ || ended_; }
    // Returns true once after the request has ended, and moves its answer into `answer`.
    bool take_answer(Answer& answer);
    // Returns how far the request has come that has ended last.
    Reached reached() const;

  private:
    friend class HttpClient;
    static size_t on_header(char* data, size_t size, size_t count, void* request) noexcept;
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
    bool refused_address_ = false;   // the policy refused an address of the peer
    bool admitted_address_ = false;  // the policy admitted an address of the peer
    bool out_of_descriptors_ = false;
    bool under_way_ = false;
    bool ended_ = false;
    CURLcode result_ = CURLE_OK;
};

}  // namespace eventlog::forward
