#include "runtime/event_loop.h"

#include "pg/boundary.h"
#include "pg/clock.h"

namespace eventlog::runtime {
namespace {

constexpr int kMaxEvents = 16;  // returned by one wait

}  // namespace

EventLoop::~EventLoop() {
    if (wait_set_ != nullptr) FreeWaitEventSet(wait_set_);
}

void EventLoop::join(User& user) {
    users_.push_back(&user);
}

void EventLoop::leave(User& user) {
    std::erase(users_, &user);
    if (std::erase_if(sockets_, [&user](const auto& entry) { return entry.second.user == &user; }) > 0)
        sockets_changed_ = true;
}

void EventLoop::watch(User& user, pgsocket socket, uint32 events) {
    sockets_[socket] = {&user, events};
    sockets_changed_ = true;
}

void EventLoop::forget(pgsocket socket) {
    sockets_.erase(socket);
    sockets_changed_ = true;
}

// Not every supported version of the server can remove a socket from a wait set, so a changed set is rebuilt.
void EventLoop::rebuild_wait_set() {
    if (!sockets_changed_) return;
    pg::call([this] {
        if (wait_set_ != nullptr) FreeWaitEventSet(wait_set_);
        wait_set_ = nullptr;
        wait_set_ = create_wait_event_set(static_cast<int>(sockets_.size()) + 2);
        AddWaitEventToSet(wait_set_, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
        AddWaitEventToSet(wait_set_, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
        for (const auto& [socket, watched] : sockets_)
            if (watched.events != 0) AddWaitEventToSet(wait_set_, watched.events, socket, nullptr, nullptr);
    });
    sockets_changed_ = false;
}

int64_t EventLoop::first_due_ms(int64_t until_ms) const {
    for (const User* user : users_) until_ms = std::min(until_ms, user->due_ms());
    return until_ms;
}

bool EventLoop::wait(int64_t until_ms) {
    rebuild_wait_set();
    const int64_t pause_ms =
        std::clamp<int64_t>(first_due_ms(until_ms) - pg::monotonic_ms(), 0, std::numeric_limits<int>::max());
    WaitEvent events[kMaxEvents];
    const int count = pg::call([&] {
        int happened = WaitEventSetWait(wait_set_, static_cast<long>(pause_ms), events, kMaxEvents,
                                        pg::wait_event(wait_));
        // If the latch is set at this moment, the next wait reports it.
        for (int i = 0; i < happened; i++)
            if ((events[i].events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
        return happened;
    });
    bool woken = false;
    for (int i = 0; i < count; i++) {
        woken = woken || (events[i].events & WL_LATCH_SET) != 0;
        const uint32 ready = events[i].events & (WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE);
        // An earlier callback may have closed the socket.
        auto watched = ready != 0 ? sockets_.find(events[i].fd) : sockets_.end();
        if (watched != sockets_.end()) watched->second.user->on_ready(events[i].fd, ready);
    }
    const int64_t now = pg::monotonic_ms();
    for (size_t i = 0; i < users_.size(); i++)
        if (users_[i]->due_ms() <= now) users_[i]->on_due();
    return woken;
}

}  // namespace eventlog::runtime
