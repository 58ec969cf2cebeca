#include "runtime/shared_memory.h"

namespace eventlog::runtime {
namespace {

shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

internal::Piece* first_piece = nullptr;
bool attached = false;

// Precedes each piece in shared memory.
struct Header {
    LWLock* lock;
};

size_t bytes_of(const internal::Piece& piece) {
    return MAXALIGN(sizeof(Header)) + MAXALIGN(piece.size());
}

void attach(internal::Piece& piece) {
    bool found = false;
    auto* memory = static_cast<char*>(ShmemInitStruct(piece.name, bytes_of(piece), &found));
    auto* header = reinterpret_cast<Header*>(memory);
    piece.memory = memory + MAXALIGN(sizeof(Header));
    if (!found) {
        header->lock = &GetNamedLWLockTranche(piece.name)->lock;
        piece.construct(piece.memory);
    }
    piece.lock = header->lock;
}

void on_request() {
    if (previous_request_hook != nullptr) previous_request_hook();
    for (const internal::Piece* piece = first_piece; piece != nullptr; piece = piece->next) {
        RequestAddinShmemSpace(bytes_of(*piece));
        RequestNamedLWLockTranche(piece->name, 1);
    }
}

void on_startup() {
    if (previous_startup_hook != nullptr) previous_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    for (internal::Piece* piece = first_piece; piece != nullptr; piece = piece->next) attach(*piece);
    LWLockRelease(AddinShmemInitLock);
    attached = true;
}

void install_hooks() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = on_request;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = on_startup;
}

}  // namespace

bool is_preloaded() {
    return attached;
}

void internal::request(Piece& piece) {
    if (first_piece == nullptr) install_hooks();
    piece.next = first_piece;
    first_piece = &piece;
}

}  // namespace eventlog::runtime
