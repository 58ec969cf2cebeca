// A process's wait for whatever comes first: its latch, the postmaster's death, traffic on sockets, a due
// time.
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
    // Who uses a loop. It is called back from `wait` alone, with no transaction of its own.
    class User {
      public:
        // One of its sockets is ready for these of WL_SOCKET_READABLE and WL_SOCKET_WRITEABLE.
        virtual void on_ready(pgsocket socket, uint32 events) = 0;

        // When it is to be called without traffic, in pg::monotonic_ms(); kNever: not at all.
        virtual int64_t due_ms() const = 0;
        virtual void on_due() = 0;

      protected:
        ~User() = default;
    };

    static constexpr int64_t kNever = INT64_MAX;

    // `wait` is what pg_stat_activity shows.
    explicit EventLoop(pg::Wait wait) : wait_(wait) {}
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // A user stays until it leaves, and its sockets are its own: it forgets them before they are closed.
    void join(User& user);
    void leave(User& user);

    // Watches a socket for these events; with none, it is known and not waited for.
    void watch(User& user, pgsocket socket, uint32 events);
    void forget(pgsocket socket);

    // Waits until `until_ms`, in pg::monotonic_ms(), at the longest, and calls back those whose sockets are
    // ready or whose time has come. True when the latch was set; one that is set while this returns is
    // reported the next time. Ends the process when the postmaster has died. Throws pg::ServerError.
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
