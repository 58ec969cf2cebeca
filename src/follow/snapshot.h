// A transaction snapshot as PostgreSQL's pg_snapshot writes it, `xmin:xmax:xip,…`, in the log's own
// numbering.
//
// Transaction numbers here are those stored in eventlog.events.xid: the server's 64-bit number plus the xid
// offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::follow {

class Snapshot {
  public:
    Snapshot() = default;
    // Returns nothing if the text is not a snapshot: xmin must be at least 1 and not above xmax, and xip must
    // be ascending and within [xmin, xmax).
    static std::optional<Snapshot> parse(std::string_view text);

    uint64_t xmin() const { return xmin_; }
    uint64_t xmax() const { return xmax_; }
    // The transactions that were in progress when the snapshot was taken, ascending.
    const std::vector<uint64_t>& in_progress() const { return in_progress_; }

    // Returns whether the transaction had committed or aborted when the snapshot was taken.
    bool sees(uint64_t xid) const;
    Snapshot shifted(uint64_t offset) const;
    // Returns the same snapshot with this transaction in progress.
    Snapshot with_in_progress(uint64_t xid) const;
    std::string text() const;

    bool operator==(const Snapshot&) const = default;

  private:
    uint64_t xmin_ = 1;
    uint64_t xmax_ = 1;
    std::vector<uint64_t> in_progress_;
};

// The rows of the window between two snapshots, as the bounds of an index condition:
// (xid >= range_from AND xid < range_to) OR xid = ANY(late).
struct WindowBounds {
    uint64_t range_from;         // xmax of the earlier snapshot
    uint64_t range_to;           // xmax of the later one
    std::vector<uint64_t> late;  // in progress in the earlier snapshot, ended in the later one; ascending
};

WindowBounds window_bounds(const Snapshot& from, const Snapshot& to);

}  // namespace eventlog::follow
