#include "forward/http_client.h"

#include "forward/signals_blocked.h"
#include "pg/boundary.h"
#include "pg/clock.h"
#include "pg/wait_event.h"

namespace eventlog::forward {

HttpClient::HttpClient() {
    SignalsBlocked blocked;
    multi_ = curl_multi_init();
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0)
        pg::call([] {
            ereport(WARNING, errmsg("eventlog: this libcurl looks hosts up synchronously"),
                    errdetail("While the resolver hangs, no target is sent to."));
        });
    // Half of the descriptors that on_open_socket may have, so that idle connections leave some to new ones.
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(std::max(max_safe_fds / 6, 1)));
}

HttpClient::~HttpClient() {
    SignalsBlocked blocked;
    curl_multi_cleanup(multi_);
    if (wait_set_ != nullptr) FreeWaitEventSet(wait_set_);
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
    auto* http = static_cast<HttpClient*>(self);
    http->sockets_changed_ = true;
    if (what == CURL_POLL_REMOVE)
        http->sockets_.erase(socket);
    else
        http->sockets_[socket] = what;
    return 0;
}

int HttpClient::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
    auto* http = static_cast<HttpClient*>(self);
    http->curl_due_ms_ = timeout_ms < 0 ? -1 : pg::monotonic_ms() + timeout_ms;
    return 0;
}

// The server's wait sets cannot drop a socket on every version, so a changed set is made anew.
void HttpClient::rebuild_wait_set() {
    if (!sockets_changed_) return;
    pg::call([this] {
        if (wait_set_ != nullptr) FreeWaitEventSet(wait_set_);
        wait_set_ = nullptr;
        wait_set_ = create_wait_event_set(static_cast<int>(sockets_.size()) + 2);
        AddWaitEventToSet(wait_set_, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
        AddWaitEventToSet(wait_set_, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
        for (const auto& [socket, what] : sockets_) {
            uint32 events = ((what & CURL_POLL_IN) != 0 ? WL_SOCKET_READABLE : 0) |
                            ((what & CURL_POLL_OUT) != 0 ? WL_SOCKET_WRITEABLE : 0);
            if (events != 0) AddWaitEventToSet(wait_set_, events, socket, nullptr, nullptr);
        }
    });
    sockets_changed_ = false;
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

bool HttpClient::wait(long timeout_ms) {
    rebuild_wait_set();
    if (curl_due_ms_ >= 0)
        timeout_ms = static_cast<long>(std::clamp<int64_t>(curl_due_ms_ - pg::monotonic_ms(), 0, timeout_ms));
    constexpr int kMaxEvents = 16;
    WaitEvent events[kMaxEvents];
    int count = pg::call([&] {
        int happened =
            WaitEventSetWait(wait_set_, timeout_ms, events, kMaxEvents, pg::wait_event(pg::Wait::worker));
        // One that is set just now is reported the next time.
        for (int i = 0; i < happened; i++)
            if ((events[i].events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
        return happened;
    });
    bool woken = false;
    for (int i = 0; i < count; i++) {
        woken = woken || (events[i].events & WL_LATCH_SET) != 0;
        if ((events[i].events & (WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE)) == 0) continue;
        act(events[i].fd, ((events[i].events & WL_SOCKET_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                              ((events[i].events & WL_SOCKET_WRITEABLE) != 0 ? CURL_CSELECT_OUT : 0));
    }
    if (curl_due_ms_ >= 0 && pg::monotonic_ms() >= curl_due_ms_) {
        curl_due_ms_ = -1;
        act(CURL_SOCKET_TIMEOUT, 0);
    }
    collect_ended();
    return woken;
}

}  // namespace eventlog::forward
