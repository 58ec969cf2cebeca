// A subtransaction of the caller's transaction, which is rolled back unless it is committed. It is the only
// place where an error of the server may be swallowed.
//
//     try {
//         pg::Subtransaction subtransaction;
//         pg::call([] { ... });
//         subtransaction.commit();
//     } catch (const pg::ServerError& error) { ... }
//
// Anything that is opened inside, such as a relation or an SPI connection, must be closed inside.
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
