// A loop in which a process waits for its latch, the death of the postmaster, traffic on sockets and due
// times, whichever comes first.
//
//     runtime::EventLoop loop(pg::Wait::worker);
//     HttpClient http(loop);                         // watches sockets, and has a due time of its own
//     while (!done) {
//         bool woken = loop.wait(next_due_ms);       // calls http back
//         ...
//     }
#pragma once

#include "pg/server.h"

#include "pg/wait_event.h"

namespace eventlog::runtime {

class EventLoop {
  public:
    // A user of the loop. It is called back only from `wait`, outside of any transaction of its own.
    class User {
      public:
        // Called when one of its sockets is ready. `events` holds WL_SOCKET_READABLE, WL_SOCKET_WRITEABLE or
        // both.
        virtual void on_ready(pgsocket socket, uint32 events) = 0;

        // Returns the time at which on_due is to be called without traffic, in pg::monotonic_ms(), or kNever.
        virtual int64_t due_ms() const = 0;
        virtual void on_due() = 0;

      protected:
        ~User() = default;
    };

    static constexpr int64_t kNever = INT64_MAX;

    // `wait` is the wait event that pg_stat_activity shows.
    explicit EventLoop(pg::Wait wait) : wait_(wait) {}
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Adds and removes a user. A user must leave before it is destroyed, and must forget each of its sockets
    // before the socket is closed.
    void join(User& user);
    void leave(User& user);

    // Watches a socket for these events. If `events` is 0, the socket stays registered but is not waited for.
    void watch(User& user, pgsocket socket, uint32 events);
    void forget(pgsocket socket);

    // Waits until `until_ms`, in pg::monotonic_ms(), at the latest. Calls back the users whose sockets are
    // ready or whose time has come. Returns whether the latch was set; if the latch is set while `wait`
    // returns, the next call reports it. Ends the process if the postmaster has died. Throws pg::ServerError.
    bool wait(int64_t until_ms);

  private:
    struct Watched {
        User* user;
        uint32 events;
    };

    void rebuild_wait_set();
    int64_t first_due_ms(int64_t until_ms) const;

    pg::Wait wait_;
    std::vector<User*> users_;
    std::map<pgsocket, Watched> sockets_;
    bool sockets_changed_ = true;
    WaitEventSet* wait_set_ = nullptr;
};

}  // namespace eventlog::runtime
