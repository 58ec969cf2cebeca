// A transaction snapshot as text-shaped data: PostgreSQL's pg_snapshot `xmin:xmax:xip,…`, in the log's own
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
    // Nothing when the text is no snapshot: xmin 1 or more and not above xmax; xip ascending, in [xmin,
    // xmax).
    static std::optional<Snapshot> parse(std::string_view text);

    uint64_t xmin() const { return xmin_; }
    uint64_t xmax() const { return xmax_; }
    // Transactions in progress when it was taken, ascending.
    const std::vector<uint64_t>& in_progress() const { return in_progress_; }

    // Whether the transaction had ended (either way) when the snapshot was taken.
    bool sees(uint64_t xid) const;
    Snapshot shifted(uint64_t offset) const;
    // The same, with this transaction in progress.
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
    std::vector<uint64_t> late;  // in progress in the earlier, ended in the later: ascending
};

WindowBounds window_bounds(const Snapshot& from, const Snapshot& to);

}  // namespace eventlog::follow
