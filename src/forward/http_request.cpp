#include "forward/http_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "forward/delivery/reason.h"
#include "forward/signals_blocked.h"
#include "pg/boundary.h"

namespace eventlog::forward {
namespace {

constexpr long kLongestConnect = 10000;

void append(curl_slist*& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    list = longer;
}

// Overwrites and frees a list, because lists hold credentials.
void wipe_list(curl_slist*& list) noexcept {
    for (curl_slist* item = list; item != nullptr; item = item->next)
        explicit_bzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
    list = nullptr;
}

// Returns the library's error in words by which it can be mended, where the library's own do not do that.
std::string explained(CURLcode result, std::string_view text) {
    if (result == CURLE_SSL_CONNECT_ERROR && (text.find("wrong version number") != std::string_view::npos ||
                                              text.find("packet length too long") != std::string_view::npos))
        return "the endpoint does not speak TLS at this port; the url may have to begin with http://";
    return text.empty() ? curl_easy_strerror(result) : std::string(text);
}

// Returns whether the library's error is one of TLS, which needs a connection. The time at which the library
// has connected is not known when TLS fails.
bool is_of_tls(CURLcode result) {
    switch (result) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return true;
        default:
            return false;
    }
}

// Returns false if the process has as many descriptors open as the server allows for other uses than its own.
bool acquire_descriptor() noexcept {
    try {
        return pg::call([] { return AcquireExternalFD(); });
    } catch (const pg::ServerError&) {
        return false;
    }
}

}  // namespace

HttpRequest::HttpRequest() {
    SignalsBlocked blocked;
    easy_ = curl_easy_init();
    if (easy_ == nullptr) throw std::bad_alloc();
}

HttpRequest::~HttpRequest() {
    SignalsBlocked blocked;
    curl_easy_cleanup(easy_);
    wipe_list(headers_);
    wipe_list(proxy_headers_);
}

// Sets the options that are the same for every request.
void HttpRequest::set_defaults() {
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    // The server's environment must not count, because each target names its proxy itself.
    curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy_, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
    curl_easy_setopt(easy_, CURLOPT_USERAGENT, "eventlog/" EVENTLOG_VERSION);
    // Some endpoints and proxies compress their answers unasked. All that libcurl can decode is asked for.
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
#if LIBCURL_VERSION_NUM >= 0x075000
    // Connections that are kept are checked here, because the policy may have changed since they were opened.
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    // Otherwise a request that has timed out would wait for the thread of its resolver and block the whole
    // loop.
    curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
#endif
}

// The certificates of the endpoint and of a proxy are verified.
void HttpRequest::set_tls() {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(easy_, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy_, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy_, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!outgoing_.ca_file.empty()) {
        curl_easy_setopt(easy_, CURLOPT_CAINFO, outgoing_.ca_file.c_str());
        curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
        curl_easy_setopt(easy_, CURLOPT_PROXY_CAINFO, outgoing_.ca_file.c_str());
        curl_easy_setopt(easy_, CURLOPT_PROXY_CAPATH, nullptr);
    }
    if (!outgoing_.client_cert_file.empty()) {
        curl_easy_setopt(easy_, CURLOPT_SSLCERT, outgoing_.client_cert_file.c_str());
        curl_easy_setopt(easy_, CURLOPT_SSLKEY, outgoing_.client_key_file.c_str());
        // Otherwise OpenSSL would ask at the terminal for the password of an encrypted key.
        curl_easy_setopt(easy_, CURLOPT_KEYPASSWD, "");
    }
}

void HttpRequest::set(Outgoing outgoing, const Credentials& credentials) {
    SignalsBlocked blocked;
    outgoing_ = std::move(outgoing);
    forget_headers();
    for (const std::string& line : outgoing_.headers) append(headers_, line);
    for (const std::string& line : credentials.headers) append(headers_, line);
    for (const std::string& line : credentials.proxy_headers) append(proxy_headers_, line);
    // No option of an earlier definition may remain. The reset keeps the connections.
    curl_easy_reset(easy_);
    set_defaults();
    set_tls();
    curl_easy_setopt(easy_, CURLOPT_URL, outgoing_.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROXY, outgoing_.proxy.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_, CURLOPT_PROXYHEADER, proxy_headers_);
    if (proxy_headers_ != nullptr) {
        // Another target must not use a tunnel that these credentials opened, but libcurl does not tell them
        // apart.
        curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    }
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, outgoing_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(outgoing_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, outgoing_.only_connects ? 1L : 0L);
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(outgoing_.timeout_ms));
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                     std::min(static_cast<long>(outgoing_.timeout_ms), kLongestConnect));
}

Reached HttpRequest::reached() const {
    Reached reached;
    reached.result = result_;
    char* address = nullptr;
    long port = 0;
    curl_off_t resolved = 0;
    curl_off_t connected = 0;
    curl_off_t secured = 0;
    curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(easy_, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(easy_, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(easy_, CURLINFO_APPCONNECT_TIME_T, &secured);
    reached.address = address != nullptr ? address : "";
    reached.port = static_cast<int>(port);
    reached.connected = connected > 0 || is_of_tls(result_);
    reached.secured = secured > 0;
    reached.resolved = reached.connected || resolved > 0;
    return reached;
}

void HttpRequest::forget_headers() noexcept {
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy_, CURLOPT_PROXYHEADER, nullptr);
    wipe_list(headers_);
    wipe_list(proxy_headers_);
}

// Returns whether the policy admits the host of the url, as far as this can be decided by its name.
bool HttpRequest::admits_name() const {
    const auto& [host, port] = outgoing_.endpoint;
    return outgoing_.proxy.empty() ? outgoing_.hosts.admits(host, port)
                                   : outgoing_.hosts.admits_unresolved(host, port);
}

// Returns whether the policy admits the address of the endpoint, or of the proxy if there is one.
bool HttpRequest::admits(const net::Address& address) noexcept {
    const Endpoint& peer = outgoing_.proxy.empty() ? outgoing_.endpoint : outgoing_.proxy_endpoint;
    bool admitted = outgoing_.hosts.admits(peer.host, peer.port, address);
    (admitted ? admitted_address_ : refused_address_) = true;
    return admitted;
}

// Registers each socket with the server, which limits the file descriptors that are not its own, and closes
// files of tables if it needs descriptors for them.
curl_socket_t HttpRequest::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    char text[INET6_ADDRSTRLEN] = {};
    const void* bytes =
        address->family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&address->addr)->sin_addr)
            : &reinterpret_cast<sockaddr_in6*>(&address->addr)->sin6_addr;
    if (inet_ntop(address->family, bytes, text, sizeof(text)) == nullptr) return CURL_SOCKET_BAD;
    std::optional<net::Address> parsed = net::parse_address(text);
    if (!parsed || !static_cast<HttpRequest*>(self)->admits(*parsed)) return CURL_SOCKET_BAD;
    curl_socket_t opened = CURL_SOCKET_BAD;
    if (acquire_descriptor()) {
        opened = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (opened == CURL_SOCKET_BAD) ReleaseExternalFD();
    }
    static_cast<HttpRequest*>(self)->out_of_descriptors_ = opened == CURL_SOCKET_BAD;
    return opened;
}

int HttpRequest::on_close_socket(void*, curl_socket_t socket) noexcept {
    ReleaseExternalFD();
    return close(socket);
}

#if LIBCURL_VERSION_NUM >= 0x075000
int HttpRequest::on_connected(void* self, char* address, char*, int, int) noexcept {
    std::optional<net::Address> parsed = net::parse_address(address);
    bool admitted = parsed && static_cast<HttpRequest*>(self)->admits(*parsed);
    return admitted ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}
#endif

constexpr size_t kMaxError = 3 * CURL_ERROR_SIZE;  // a byte that is replaced becomes three

void hide_secrets(const SecretTexts& secrets, Answer& answer) {
    const bool is_cut = answer.body.size() >= HttpRequest::kMaxBody;
    answer.body = without_secrets(secrets, answer.body, is_cut);
    // libcurl may quote what the endpoint sent, a name in its certificate for example.
    answer.error = readable_text(without_secrets(secrets, answer.error, true), kMaxError);
}

bool HttpRequest::take_answer(Answer& answer) {
    if (!ended_) return false;
    ended_ = false;
    answer = std::move(answer_);
    answer_ = {};
    return true;
}

// Also called for the trailers that follow a body.
size_t HttpRequest::on_header(char* data, size_t size, size_t count, void* self) noexcept {
    constexpr size_t kMostDigits = 10;
    const std::string_view line(data, size * count);
    const size_t name = kExceptionHeader.size();
    if (line.size() <= name || line[name] != ':' || !curl_strnequal(data, kExceptionHeader.data(), name))
        return line.size();
    const size_t first = line.find_first_not_of(" \t", name + 1);
    const size_t last = line.find_first_not_of("0123456789", std::min(first, line.size()));
    std::string_view digits = line.substr(std::min(first, line.size()), last - std::min(first, last));
    static_cast<HttpRequest*>(self)->answer_.exception = digits.empty() ? "?" : digits.substr(0, kMostDigits);
    return line.size();
}

size_t HttpRequest::on_body(char* data, size_t size, size_t count, void* self) noexcept {
    auto* request = static_cast<HttpRequest*>(self);
    size_t bytes = size * count;
    request->read_ += bytes;
    if (request->read_ > kMaxRead) return 0;
    size_t room = kMaxBody - std::min(kMaxBody, request->answer_.body.size());
    request->answer_.body.append(data, std::min(bytes, room));
    return bytes;
}

void HttpRequest::ended(CURLcode result) noexcept {
    under_way_ = false;
    ended_ = true;
    result_ = result;
    forget_headers();
    bool too_long = result == CURLE_WRITE_ERROR && read_ > kMaxRead;
    // The status says most of what a body in an unknown encoding could say.
    const bool is_encoded = result == CURLE_BAD_CONTENT_ENCODING;
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    // An endpoint that refuses may answer before it has read the whole request, and then close the
    // connection.
    answer_.not_allowed = refused_address_ && !admitted_address_;
    if (!answer_.not_allowed && (result == CURLE_OK || too_long || is_encoded || status >= 400)) {
        answer_.status = status;
        curl_off_t seconds = 0;
        curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
        answer_.retry_after_ms = std::clamp<int64_t>(seconds, 0, 1 << 30) * 1000;
        return;
    }
    answer_.body.clear();
    if (out_of_descriptors_)
        answer_.error = "No file descriptor is free: max_files_per_process may be too low";
    else
        answer_.error = explained(result, error_);
}

}  // namespace eventlog::forward
