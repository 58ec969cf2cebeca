#include "forward/http_client.h"

#include "forward/signals_blocked.h"
#include "pg/boundary.h"
#include "pg/clock.h"

namespace eventlog::forward {

HttpClient::HttpClient(runtime::EventLoop& loop) : loop_(loop) {
    SignalsBlocked blocked;
    multi_ = curl_multi_init();
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0)
        pg::call([] {
            ereport(WARNING, errmsg("eventlog: the libcurl in use resolves host names synchronously"),
                    errdetail("While the resolver hangs, no events are sent to any target."));
        });
    // This is half of the descriptors that on_open_socket may open, so that idle connections leave some for
    // new ones.
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(std::max(max_safe_fds / 6, 1)));
    loop_.join(*this);
}

HttpClient::~HttpClient() {
    SignalsBlocked blocked;
    curl_multi_cleanup(multi_);
    loop_.leave(*this);
}

void HttpClient::start(HttpRequest& request) {
    SignalsBlocked blocked;
    request.answer_ = {};
    request.error_[0] = '\0';
    request.read_ = 0;
    request.refused_address_ = request.admitted_address_ = false;
    request.out_of_descriptors_ = false;
    request.ended_ = false;
    request.under_way_ = true;
    if (!request.admits_name()) {
        request.refused_address_ = true;
        request.ended(CURLE_COULDNT_CONNECT);
    } else if (curl_multi_add_handle(multi_, request.easy_) != CURLM_OK) {
        request.ended(CURLE_FAILED_INIT);
    }
}

void HttpClient::abort(HttpRequest& request) {
    SignalsBlocked blocked;
    if (request.under_way_) curl_multi_remove_handle(multi_, request.easy_);
    request.forget_headers();
    request.under_way_ = request.ended_ = false;
}

int HttpClient::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
    auto* client = static_cast<HttpClient*>(self);
    if (what == CURL_POLL_REMOVE)
        client->loop_.forget(socket);
    else
        client->loop_.watch(*client, socket,
                            ((what & CURL_POLL_IN) != 0 ? WL_SOCKET_READABLE : 0) |
                                ((what & CURL_POLL_OUT) != 0 ? WL_SOCKET_WRITEABLE : 0));
    return 0;
}

int HttpClient::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
    static_cast<HttpClient*>(self)->due_ms_ =
        timeout_ms < 0 ? runtime::EventLoop::kNever : pg::monotonic_ms() + timeout_ms;
    return 0;
}

void HttpClient::act(curl_socket_t socket, int events) {
    SignalsBlocked blocked;
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
}

void HttpClient::collect_ended() {
    SignalsBlocked blocked;
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode result = message->data.result;
        char* request = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        curl_multi_remove_handle(multi_, message->easy_handle);
        reinterpret_cast<HttpRequest*>(request)->ended(result);
    }
}

void HttpClient::on_ready(pgsocket socket, uint32 events) {
    act(socket, ((events & WL_SOCKET_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                    ((events & WL_SOCKET_WRITEABLE) != 0 ? CURL_CSELECT_OUT : 0));
    collect_ended();
}

void HttpClient::on_due() {
    due_ms_ = runtime::EventLoop::kNever;
    act(CURL_SOCKET_TIMEOUT, 0);
    collect_ended();
}

}  // namespace eventlog::forward
