#include "autonomous/queue.h"

#include "pg/boundary.h"
#include "settings.h"
#include "runtime/worker_slots.h"

namespace eventlog::autonomous {
namespace {

// The memory that the entries of a database take.
struct Share {
    Oid database;
    size_t bytes;
};

// Databases that can have entries at the same time.
constexpr size_t kShares = 128;

struct Queue {
    explicit Queue(std::span<char> memory) : pool(memory) {}

    std::atomic<uint32_t> waiting{0};  // number of entries in the list
    Ticket first = kNoTicket;          // head of the list of entries that no worker has taken, oldest first
    Ticket last = kNoTicket;
    Share shares[kShares] = {};
    BlockPool pool;
};

// The first bytes of a chain. The event's bytes follow it, and later the texts of a refusal.
struct Entry {
    std::atomic<Progress> progress;
    std::atomic<bool> blocking;  // the caller has noted that it blocks the worker
    bool left;                   // the caller has left
    bool unwanted;               // the caller has tried to withdraw it
    Oid database;
    Ticket next;  // in the list
    size_t bytes;
    Latch* caller;
    Answer answer;
};

constexpr size_t kPayload = MAXALIGN(sizeof(Entry));
static_assert(kPayload < BlockPool::kPayload);

size_t queue_bytes() {
    return settings::autonomous_queue_size * size_t{1024};
}

size_t shared_bytes() {
    return MAXALIGN(sizeof(Queue)) + queue_bytes();
}

void construct_queue(void* memory) {
    new (memory) Queue({static_cast<char*>(memory) + MAXALIGN(sizeof(Queue)), queue_bytes()});
}

runtime::Shared<Queue> queue{"eventlog autonomous", shared_bytes, construct_queue};

// The tickets that this process, a worker, has taken. An answered one is kNoTicket.
Ticket taken[kGroupEvents];
int taken_count = 0;
bool exit_watched = false;

// The events that the current transaction answers when it commits.
std::span<Ticket> committing;
std::span<Answer> committing_answers;

template <typename Body>
auto locked(Body body) {
    return queue.locked(LW_EXCLUSIVE, [&body](Queue&) { return body(); });
}

Entry* entry_of(Ticket ticket) {
    return static_cast<Entry*>(queue->pool.front(ticket));
}

// The functions from here to `publish` are called while the lock is held.

size_t room_for(size_t bytes) {
    return BlockPool::blocks_for(kPayload + bytes) * BlockPool::kBlockBytes;
}

// Returns the share of a database, which is empty if it has no entries, or null if too many others have some.
Share* share_of(Oid database) {
    Share* empty = nullptr;
    for (Share& share : queue->shares) {
        if (share.bytes == 0)
            empty = empty != nullptr ? empty : &share;
        else if (share.database == database)
            return &share;
    }
    if (empty != nullptr) empty->database = database;
    return empty;
}

// Returns the memory that the next entry of a database may take. A database that has some gets no more than
// half of the queue, so that the others are served while it waits for its worker.
size_t free_for(const Share* share) {
    const size_t free = queue->pool.free_bytes();
    if (share == nullptr) return 0;
    if (share->bytes == 0) return free;
    const size_t quota = queue->pool.total_bytes() / 2;
    return std::min(free, quota - std::min(quota, share->bytes));
}

void release(Ticket ticket) {
    const Entry* entry = entry_of(ticket);
    share_of(entry->database)->bytes -= room_for(entry->bytes);
    queue->pool.free(ticket);
}

void append(Ticket ticket) {
    Entry* entry = entry_of(ticket);
    entry->next = kNoTicket;
    entry->progress = Progress::queued;
    if (queue->last == kNoTicket)
        queue->first = ticket;
    else
        entry_of(queue->last)->next = ticket;
    queue->last = ticket;
    queue->waiting.fetch_add(1);
}

void prepend(Ticket ticket) {
    Entry* entry = entry_of(ticket);
    entry->next = queue->first;
    entry->progress = Progress::queued;
    if (queue->first == kNoTicket) queue->last = ticket;
    queue->first = ticket;
    queue->waiting.fetch_add(1);
}

// `before` is the preceding entry, or kNoTicket if `ticket` is the first.
void unlink(Ticket ticket, Ticket before) {
    Ticket after = entry_of(ticket)->next;
    (before == kNoTicket ? queue->first : entry_of(before)->next) = after;
    if (queue->last == ticket) queue->last = before;
    queue->waiting.fetch_sub(1);
}

void unlink(Ticket ticket) {
    Ticket before = kNoTicket;
    for (Ticket at = queue->first; at != ticket; at = entry_of(at)->next) before = at;
    unlink(ticket, before);
}

// Puts an entry of this process's group back, unless its caller does not want it any more.
void hand_back(Ticket ticket) {
    Entry* entry = entry_of(ticket);
    if (entry->left) {
        release(ticket);
    } else if (entry->unwanted) {
        entry->progress = Progress::returned;
        SetLatch(entry->caller);
    } else {
        prepend(ticket);
    }
}

// Gives an entry of this process's group its answer.
void publish(Ticket& ticket, const Answer& answer) {
    Entry* entry = entry_of(ticket);
    if (entry->left) {
        release(ticket);
    } else {
        entry->answer = answer;
        entry->progress = Progress::answered;
        SetLatch(entry->caller);
    }
    ticket = kNoTicket;
}

// Nothing can interrupt the process between the commit record and this callback, so every event that is on
// disk is answered.
void on_transaction_end(XactEvent event, void*) {
    if (committing.empty() || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT)) return;
    if (event == XACT_EVENT_COMMIT)
        locked([] {
            for (size_t i = 0; i < committing.size(); i++) {
                committing_answers[i].committed = XactLastCommitEnd;
                publish(committing[i], committing_answers[i]);
            }
        });
    committing = {};
}

void on_exit(int, Datum) {
    give_back();
}

// The texts of a refusal follow the entry in its first block. Each ends with a NUL; an empty one means that
// the text is absent.
constexpr const char* Refusal::*kTexts[] = {&Refusal::message, &Refusal::detail, &Refusal::hint,
                                            &Refusal::column, &Refusal::constraint};

void store_texts(Ticket ticket, const Refusal& refusal) {
    char* at = reinterpret_cast<char*>(entry_of(ticket)) + kPayload;
    size_t room = BlockPool::kPayload - kPayload - std::size(kTexts);
    for (auto member : kTexts) {
        const char* text = refusal.*member != nullptr ? refusal.*member : "";
        auto size =
            static_cast<size_t>(pg_mbcliplen(text, static_cast<int>(strlen(text)), static_cast<int>(room)));
        memcpy(at, text, size);
        at[size] = '\0';
        at += size + 1;
        room -= size;
    }
}

void load_texts(Ticket ticket, Refusal& refusal) {
    const char* at = reinterpret_cast<const char*>(entry_of(ticket)) + kPayload;
    for (auto member : kTexts) {
        refusal.*member = *at != '\0' ? pstrdup(at) : nullptr;
        at += strlen(at) + 1;
    }
}

[[noreturn]] void refuse_for_room(size_t wanted, size_t free) {
    pg::refuse<rules::Rule::autonomous_queue>({}, rules::with<"limit">(queue_bytes()),
                                              rules::with<"free">(free), rules::with<"found">(wanted));
}

}  // namespace

void request_queue() {
    queue.request();
}

void watch_commits() {
    RegisterXactCallback(on_transaction_end, nullptr);
}

bool exists() {
    return static_cast<bool>(queue);
}

Ticket enqueue(std::string_view message) {
    const size_t wanted = room_for(message.size());
    size_t free = 0;
    Ticket ticket = locked([message, wanted, &free] {
        Share* share = share_of(MyDatabaseId);
        free = free_for(share);
        if (wanted > free) return kNoTicket;
        const Ticket allocated = queue->pool.allocate(kPayload + message.size());
        share->bytes += wanted;
        auto* entry = new (entry_of(allocated)) Entry{};
        entry->database = MyDatabaseId;
        entry->bytes = message.size();
        entry->caller = MyLatch;
        return allocated;
    });
    if (ticket == kNoTicket) refuse_for_room(wanted, free);
    queue->pool.copy_in(ticket, kPayload, message);
    locked([ticket] { append(ticket); });
    return ticket;
}

void wake_writer() {
    runtime::WorkerSlot* slot = runtime::worker_slots->find(MyDatabaseId);
    Latch* latch = slot != nullptr ? slot->latch.load() : nullptr;
    if (latch != nullptr)
        SetLatch(latch);
    else
        runtime::request_worker(MyDatabaseId);
}

Progress progress(Ticket ticket) {
    return entry_of(ticket)->progress.load();
}

bool withdraw(Ticket ticket) {
    return locked([ticket] {
        entry_of(ticket)->unwanted = true;
        if (progress(ticket) != Progress::queued) return false;
        unlink(ticket);
        release(ticket);
        return true;
    });
}

void note_blocking(Ticket ticket) {
    entry_of(ticket)->blocking = true;
}

bool is_blocking(Ticket ticket) {
    return entry_of(ticket)->blocking.load();
}

Answer read_answer(Ticket ticket, Refusal& refusal) {
    Answer answer = entry_of(ticket)->answer;
    if (answer.sqlstate != 0) load_texts(ticket, refusal);
    return answer;
}

void leave(Ticket ticket) {
    locked([ticket] {
        Progress at = progress(ticket);
        if (at == Progress::queued) unlink(ticket);
        if (at == Progress::taken)
            entry_of(ticket)->left = true;
        else
            release(ticket);
    });
}

bool is_empty() {
    return !queue || queue->waiting.load() == 0;
}

std::span<Ticket> take() {
    taken_count = 0;
    if (is_empty()) return {};
    if (!exit_watched) before_shmem_exit(on_exit, (Datum)0);
    exit_watched = true;
    locked([] {
        size_t bytes = 0;
        Ticket before = kNoTicket;
        Ticket next = kNoTicket;
        for (Ticket at = queue->first; at != kNoTicket; at = next) {
            Entry* entry = entry_of(at);
            next = entry->next;
            if (entry->database != MyDatabaseId) {
                before = at;
                continue;
            }
            if (taken_count == kGroupEvents || (taken_count > 0 && bytes + entry->bytes > kGroupBytes)) break;
            bytes += entry->bytes;
            unlink(at, before);
            entry->progress = Progress::taken;
            taken[taken_count++] = at;
        }
    });
    return {taken, static_cast<size_t>(taken_count)};
}

std::string_view read(Ticket ticket) {
    size_t bytes = entry_of(ticket)->bytes;
    auto* copy = static_cast<char*>(palloc(bytes));
    queue->pool.copy_out(ticket, kPayload, {copy, bytes});
    return {copy, bytes};
}

void answer_at_commit(std::span<Ticket> tickets, std::span<Answer> answers) {
    committing = tickets;
    committing_answers = answers;
}

void refuse(Ticket& ticket, int sqlstate, const Refusal& refusal) {
    store_texts(ticket, refusal);
    Answer answer{};
    answer.sqlstate = sqlstate;
    locked([&] { publish(ticket, answer); });
}

void give_back() {
    if (taken_count == 0) return;
    locked([] {
        for (; taken_count > 0; taken_count--) {
            Ticket ticket = taken[taken_count - 1];
            if (ticket == kNoTicket) continue;
            hand_back(ticket);
        }
    });
}

}  // namespace eventlog::autonomous
