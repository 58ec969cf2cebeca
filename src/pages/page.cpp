#include "pages/page.h"

#include "pg/boundary.h"
#include "pg/datum.h"
#include "pages/path.h"
#include "pages/unkeyed.h"
#include "settings.h"
#include "logs/events.h"
#include "store/catalog.h"
#include "store/partitions.h"

namespace eventlog::pages {
namespace {

constexpr size_t kLargestStretch = 2000;
constexpr ids::Uuid kLeastId{};
constexpr ids::Uuid kGreatestId = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

// The position of a page on its way through the log. Plain data.
struct Walk {
    const Filters& filters;
    ids::Uuid at;          // the next id to be examined is at or below this one
    int64 rows_left;       // how many more rows may be examined
    bool ended = false;    // whether nothing is left below `at`
    ids::Uuid examined{};  // the last id that was examined

    void pass(const ids::Uuid& id) {
        examined = id;
        ended = id == kLeastId;
        at = ids::predecessor(id);
        rows_left--;
    }
};

// The ids of visible rows that satisfy the filters, newest first. Row security may hide some of the rows from
// the caller.
struct Stretch {
    ids::Uuid ids[kLargestStretch];
    size_t wanted;
    size_t count;

    bool full() const { return count == wanted; }
};

void walk_path(Walk& walk, Relation leaf, const ids::Uuid& from, const Path& path,
               const Attributes& attributes, Stretch& found) {
    TupleTableSlot* slot = table_slot_create(leaf, nullptr);
    PathScan scan = begin_path_scan(leaf, path, walk.filters, from, walk.at);
    ids::Uuid id{};
    // A row that an erasure has rewritten has one entry for each version. The walk never ends between them.
    bool gone = false;
    while (!found.full() && (walk.rows_left > 0 || gone) && next_entry(scan, id)) {
        CHECK_FOR_INTERRUPTS();
        if (!gone || id != walk.examined) {
            if (walk.rows_left == 0) break;
            walk.pass(id);
        }
        gone = !index_fetch_heap(scan.scan, slot);
        if (!gone && satisfies(walk.filters, attributes, slot)) found.ids[found.count++] = id;
    }
    end_path_scan(scan);
    ExecDropSingleTupleTableSlot(slot);
}

// The server sorts a partition that cannot be walked: one that the user made without a key on event_id, or
// that is not a plain table.
void walk_unkeyed(Walk& walk, const ids::Uuid& from, Stretch& found) {
    size_t limit = std::min<size_t>(found.wanted - found.count, static_cast<size_t>(walk.rows_left));
    size_t rows = find_unkeyed(walk.filters, from, walk.at, {found.ids + found.count, limit});
    for (size_t i = 0; i < rows; i++) walk.pass(found.ids[found.count++]);
}

// Returns whether the partition is empty. Partitions made ahead are passed without opening their indexes.
bool is_empty(Relation leaf) {
    PredicateLockRelation(leaf, GetActiveSnapshot());
    return RelationGetNumberOfBlocks(leaf) == 0;
}

void walk_leaf(Walk& walk, Oid leaf_oid, const ids::Uuid& from, Stretch& found) {
    Relation leaf = try_table_open(leaf_oid, AccessShareLock);
    if (leaf == nullptr) return;
    if (RELKIND_HAS_STORAGE(leaf->rd_rel->relkind)) {
        if (is_empty(leaf)) {
            table_close(leaf, NoLock);
            return;
        }
        Attributes attributes = attributes_of(leaf);
        Path path = open_path(leaf, attributes, walk.filters);
        if (path.index != nullptr) {
            walk_path(walk, leaf, from, path, attributes, found);
            close_path(path);
            table_close(leaf, NoLock);
            return;
        }
    }
    table_close(leaf, NoLock);
    walk_unkeyed(walk, from, found);
}

// Continues until the stretch is full, no more rows may be examined, or the log ends.
void walk_on(Walk& walk, Stretch& found) {
    Relation table = table_open(store::catalog().table_of(logs::kEvents), AccessShareLock);
    while (!found.full() && walk.rows_left > 0 && !walk.ended) {
        store::PartitionRange partition = store::partition_at_or_below(table, walk.at);
        if (OidIsValid(partition.leaf)) walk_leaf(walk, partition.leaf, partition.from, found);
        if (found.full() || walk.rows_left == 0) break;
        walk.ended = !OidIsValid(partition.leaf) || partition.from == kLeastId;
        walk.at = ids::predecessor(partition.from);
    }
    table_close(table, NoLock);
}

ids::Uuid id_of(const Page& page, size_t row) {
    bool null = false;
    return pg::uuid_of(heap_getattr(page.rows[row], 1, page.columns, &null));
}

// Queries the rows even if none was found, because the query checks the caller's privileges.
void fetch_stretch(const Stretch& found, FetchRows fetch) {
    std::span<const ids::Uuid> ids(found.ids, found.count);
    fetch(ids, ids.empty() ? kGreatestId : ids.back(), ids.empty() ? kLeastId : ids.front());
}

}  // namespace

Page find_page(const PageRequest& request, FetchRows fetch) {
    // One row more than the page holds shows whether there is a next page.
    const size_t wanted = request.max_rows + 1;
    Walk walk{request.filters, kGreatestId, settings::page_scan_rows};
    if (request.cursor) {
        walk.ended = *request.cursor == kLeastId;
        walk.at = ids::predecessor(*request.cursor);
    }
    auto* found = pg::call([] {
        store::require_full_service();
        return static_cast<Stretch*>(palloc(sizeof(Stretch)));
    });
    found->wanted = wanted;
    Page page;
    do {
        found->count = 0;
        pg::call([&] {
            walk_on(walk, *found);
            fetch_stretch(*found, fetch);
        });
        page.columns = SPI_tuptable->tupdesc;
        page.rows.insert(page.rows.end(), SPI_tuptable->vals, SPI_tuptable->vals + SPI_processed);
        // Row security may hide nearly all of the rows found.
        found->wanted = std::min(found->wanted * 2, kLargestStretch);
    } while (page.rows.size() < wanted && !walk.ended && walk.rows_left > 0);
    if (page.rows.size() >= wanted) {
        page.rows.resize(request.max_rows);
        page.next = pg::call([&] { return id_of(page, request.max_rows - 1); });
    } else if (!walk.ended) {
        page.next = walk.examined;
        page.cut = true;
    }
    return page;
}

}  // namespace eventlog::pages
