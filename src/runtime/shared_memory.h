// Memory that the extension's processes share when the library is preloaded. Each part of the extension
// declares the piece that it needs and requests it in _PG_init.
//
//     struct Counters { std::atomic<uint64_t> logged; };
//     runtime::Shared<Counters> counters{"eventlog counters"};   // a static of the part
//     counters.request();                                        // while preloading
//     if (counters) counters->logged++;                          // without preloading there is none
//     counters.locked(LW_EXCLUSIVE, [](Counters& all) { ... });  // under the lock of the piece
#pragma once

#include "pg/server.h"

namespace eventlog::runtime {

// Returns whether the library was preloaded. Without preloading there is no shared memory.
bool is_preloaded();

namespace internal {

// A piece as it is described to the server. Pieces are static objects: they are listed by address and never
// destroyed.
struct Piece {
    const char* name;  // of the memory and of the lock's tranche
    size_t (*size)();
    void (*construct)(void* memory);
    void* memory = nullptr;
    LWLock* lock = nullptr;
    Piece* next = nullptr;
};

void request(Piece& piece);

}  // namespace internal

// A `Value` in shared memory, with a lock. The value is constructed at each start of the server and never
// destroyed.
template <typename Value>
class Shared {
  public:
    static_assert(alignof(Value) <= MAXIMUM_ALIGNOF);

    constexpr explicit Shared(const char* name)
        : Shared(
              name, [] { return sizeof(Value); }, [](void* memory) { new (memory) Value{}; }) {}

    // Declares a value that is followed by more memory. `size` returns the bytes of both, and is called after
    // the configuration has been read. `construct` constructs the value.
    constexpr Shared(const char* name, size_t (*size)(), void (*construct)(void* memory))
        : piece_{name, size, construct} {}

    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    // Requests the memory. _PG_init calls it while preloading.
    void request() { internal::request(piece_); }

    explicit operator bool() const { return piece_.memory != nullptr; }
    Value* get() const { return static_cast<Value*>(piece_.memory); }
    Value* operator->() const { return get(); }
    Value& operator*() const { return *get(); }

    // Calls `body` with the value while holding the lock, and returns its result. May ereport if `body` does.
    template <typename Body>
    auto locked(LWLockMode mode, Body body) const -> decltype(body(std::declval<Value&>())) {
        LWLockAcquire(piece_.lock, mode);
        if constexpr (std::is_void_v<decltype(body(std::declval<Value&>()))>) {
            body(*get());
            LWLockRelease(piece_.lock);
        } else {
            auto result = body(*get());
            LWLockRelease(piece_.lock);
            return result;
        }
    }

  private:
    internal::Piece piece_;
};

}  // namespace eventlog::runtime
