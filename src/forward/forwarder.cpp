#include "forward/forwarder.h"

#include "forward/erasures.h"
#include "pg/boundary.h"
#include "pg/clock.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/log_transaction.h"

namespace eventlog::forward {
namespace {

constexpr int64_t kReloadEveryMs = 10000;
constexpr int64_t kRetryReloadMs = 1000;

// Set by a callback of the server, which may run at any time inside a transaction.
bool catalogs_changed = true;

void on_catalog_change(Datum, int, uint32) {
    catalogs_changed = true;
}

// Gives servers without a cursor one. A server that cannot be adopted must not stop the forwarding for
// others.
void adopt_orphans() {
    try {
        store::LogTransaction transaction;
        pg::call([] { pg::limit_lock_waits(); });
        adopt_orphan_servers();
        transaction.commit();
    } catch (const pg::ServerError& error) {
        pg::log_error(error, "a server without a cursor");
    }
}

}  // namespace

void Forwarder::prepare_process() {
    pg::call([] {
        CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_catalog_change, (Datum)0);
        CacheRegisterSyscacheCallback(USERMAPPINGOID, on_catalog_change, (Datum)0);
        watch_erasures();
    });
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool Forwarder::needs_reload(int64_t now_ms, uint32_t changes) {
    if (std::exchange(seen_changes_, changes) != changes || !store::is_current()) catalogs_changed = true;
    return now_ms >= (catalogs_changed ? retry_reload_at_ : reload_at_);
}

void Forwarder::expect_changes() {
    catalogs_changed = true;
}

void Forwarder::clear() {
    targets_.clear();
    catalogs_changed = true;
}

void Forwarder::reload(int64_t now_ms) {
    std::vector<Declaration> declarations;
    if (!read(declarations)) {
        catalogs_changed = true;
        retry_reload_at_ = now_ms + kRetryReloadMs;
        return;
    }
    reload_at_ = now_ms + kReloadEveryMs;
    declare(std::move(declarations));
}

// Returns false if the catalog could not be read; the error has been logged.
bool Forwarder::read(std::vector<Declaration>& declarations) {
    // The flag is reset before the catalog is read, because a change that arrives meanwhile may not be seen
    // by it.
    catalogs_changed = false;
    try {
        adopt_orphans();
        store::LogTransaction transaction;
        declarations = load_declarations();
        pg::call([] { find_erasures(); });
        transaction.commit();
        return true;
    } catch (const pg::ServerError& error) {
        pg::log_error(error, "reading the targets");
        return false;
    }
}

void Forwarder::declare(std::vector<Declaration> declarations) {
    std::vector<std::unique_ptr<Target>> kept;
    for (Declaration& declaration : declarations) {
        auto same = std::find_if(targets_.begin(), targets_.end(), [&declaration](const auto& target) {
            return target != nullptr && target->server() == declaration.server;
        });
        if (same == targets_.end()) {
            kept.push_back(std::make_unique<Target>(http_, std::move(declaration)));
        } else {
            (*same)->declare(std::move(declaration));
            kept.push_back(std::move(*same));
        }
    }
    targets_ = std::move(kept);
}

void Forwarder::work(bool woken) {
    // Traffic of one target must not make the others look into the log.
    const int64_t now = pg::monotonic_ms();
    const bool look = woken || now >= look_at_;
    if (look) look_at_ = now + settings::poll_interval;
    for (const auto& target : targets_)
        if (!target->work(pg::monotonic_ms(), look)) catalogs_changed = true;
}

int64_t Forwarder::due_ms() const {
    int64_t due = look_at_;
    for (const auto& target : targets_)
        if (int64_t at = target->due_ms(); at >= 0) due = std::min(due, at);
    return due;
}

runtime::Interest Forwarder::interest() const {
    auto interest = runtime::Interest::nothing;
    for (const auto& target : targets_) {
        if (target->paused()) continue;
        interest = std::max(
            interest, target->events().only_flagged() ? runtime::Interest::flagged : runtime::Interest::all);
    }
    return interest;
}

}  // namespace eventlog::forward
