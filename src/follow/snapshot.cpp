#include "follow/snapshot.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace eventlog::follow {

namespace {

// Removes a transaction number from the front of `text`. The number is decimal and at least 1, without a sign
// or leading zeros.
bool take_xid(std::string_view& text, uint64_t& xid) {
    if (text.starts_with('0')) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), xid);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, char expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(1);
    return true;
}

void append_xid(std::string& out, uint64_t xid) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), xid).ptr;
    out.append(digits, end);
}

}  // namespace

std::optional<Snapshot> Snapshot::parse(std::string_view text) {
    Snapshot snapshot;
    if (!take_xid(text, snapshot.xmin_) || !take(text, ':')) return std::nullopt;
    if (!take_xid(text, snapshot.xmax_) || !take(text, ':')) return std::nullopt;
    if (snapshot.xmin_ > snapshot.xmax_) return std::nullopt;
    if (text.empty()) return snapshot;

    uint64_t lowest = snapshot.xmin_;
    do {
        uint64_t xid = 0;
        if (!take_xid(text, xid) || xid < lowest || xid >= snapshot.xmax_) return std::nullopt;
        snapshot.in_progress_.push_back(xid);
        lowest = xid + 1;
    } while (take(text, ','));
    if (!text.empty()) return std::nullopt;
    return snapshot;
}

bool Snapshot::sees(uint64_t xid) const {
    if (xid < xmin_) return true;
    if (xid >= xmax_) return false;
    return !std::binary_search(in_progress_.begin(), in_progress_.end(), xid);
}

Snapshot Snapshot::shifted(uint64_t offset) const {
    Snapshot shifted = *this;
    shifted.xmin_ += offset;
    shifted.xmax_ += offset;
    for (uint64_t& xid : shifted.in_progress_) xid += offset;
    return shifted;
}

Snapshot Snapshot::with_in_progress(uint64_t xid) const {
    if (!sees(xid)) return *this;
    Snapshot more = *this;
    more.xmin_ = std::min(more.xmin_, xid);
    more.in_progress_.insert(std::lower_bound(more.in_progress_.begin(), more.in_progress_.end(), xid), xid);
    return more;
}

std::string Snapshot::text() const {
    std::string text;
    append_xid(text, xmin_);
    text += ':';
    append_xid(text, xmax_);
    text += ':';
    bool first = true;
    for (const uint64_t xid : in_progress_) {
        if (!first) text += ',';
        first = false;
        append_xid(text, xid);
    }
    return text;
}

WindowBounds window_bounds(const Snapshot& from, const Snapshot& to) {
    WindowBounds bounds{from.xmax(), to.xmax(), {}};
    std::copy_if(from.in_progress().begin(), from.in_progress().end(), std::back_inserter(bounds.late),
                 [&to](uint64_t xid) { return to.sees(xid); });
    return bounds;
}

}  // namespace eventlog::follow
