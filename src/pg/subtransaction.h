// A subtransaction of the caller's transaction: rolled back unless committed. The only place where an error
// of the server may be swallowed.
//
//     try {
//         pg::Subtransaction subtransaction;
//         pg::call([] { ... });
//         subtransaction.commit();
//     } catch (const pg::ServerError& error) { ... }
//
// What is opened inside, relations and SPI connections say, must be closed inside.
#pragma once

#include "pg/boundary.h"

namespace eventlog::pg {

class Subtransaction {
  public:
    Subtransaction();
    ~Subtransaction();
    Subtransaction(const Subtransaction&) = delete;
    Subtransaction& operator=(const Subtransaction&) = delete;
    void commit();

  private:
    void leave();

    MemoryContext outer_;
    ResourceOwner owner_;
    bool open_ = true;
};

}  // namespace eventlog::pg
