#include "pages/page.h"

#include "logs/events.h"
#include "pages/by_query.h"
#include "pages/path.h"
#include "pages/visibility.h"
#include "pg/boundary.h"
#include "pg/datum.h"
#include "settings.h"
#include "store/catalog.h"
#include "store/ranges.h"

namespace eventlog::pages {
namespace {

constexpr size_t kLargestStretch = 2000;
constexpr ids::Uuid kLeastId{};
constexpr ids::Uuid kGreatestId = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

// The position of a page on its way through the log. Plain data.
struct Walk {
    const PageRequest* request;
    Relation table;
    Visibility visibility;
    ids::Uuid at;                       // the next id to be examined is at or below this one
    int64 rows_left;                    // how many more rows may be examined
    bool ended = false;                 // whether nothing is left below `at`
    std::optional<ids::Uuid> examined;  // the last id that was examined

    void pass(const ids::Uuid& id) {
        examined = id;
        ended = id == kLeastId;
        at = ids::predecessor(id);
        rows_left--;
    }

    // Notes what is behind the last row that was examined: another one, or the end of its partition.
    void stop_above(const std::optional<ids::Uuid>& next, const ids::Uuid& from) {
        ended = ended || (!next && from == kLeastId);
        at = next ? *next : ids::predecessor(from);
    }

    // A cursor from which the walk can be continued. It is between two rows, so that it tells nobody the id
    // of a row that row security hides from them.
    ids::Uuid cursor() const {
        const ids::Uuid most = ids::predecessor(*examined);
        return at < most ? ids::roundest_above(at, most) : *examined;
    }
};

// The rows found since the last time that SQL was asked. A row is null until SQL is asked for it.
struct Stretch {
    ids::Uuid ids[kLargestStretch];
    HeapTuple rows[kLargestStretch];
    size_t wanted;
    size_t count;

    bool full() const { return count == wanted; }
    void add(const ids::Uuid& id, HeapTuple row) {
        ids[count] = id;
        rows[count++] = row;
    }
};

// A partition on the way.
struct OpenLeaf {
    Relation relation;
    ids::Uuid from;  // the least id that it may hold
    Attributes attributes;
    AttrMap* to_table;  // its columns in the order of the table's; null if that is its own order
};

// Returns a copy of the row that needs no lock on its partition.
HeapTuple copy_of(const Walk& walk, TupleTableSlot* slot) {
    slot_getallattrs(slot);
    TupleDesc columns = RelationGetDescr(walk.table);
    HeapTuple row = heap_form_tuple(columns, slot->tts_values, slot->tts_isnull);
    if (!HeapTupleHasExternal(row)) return row;
    HeapTuple flat = toast_flatten_tuple(row, columns);
    heap_freetuple(row);
    return flat;
}

// Adds the row unless row security hides it.
void take(Walk& walk, const OpenLeaf& leaf, const ids::Uuid& id, TupleTableSlot* slot,
          TupleTableSlot* in_table, Stretch& found) {
    if (walk.visibility.by_query) {
        // SQL will examine the row once more.
        walk.rows_left = std::max<int64>(walk.rows_left - 1, 0);
        return found.add(id, nullptr);
    }
    TupleTableSlot* row = slot;
    if (leaf.to_table != nullptr) {
        row = execute_attr_map_slot(leaf.to_table, slot, in_table);
        row->tts_tableOid = slot->tts_tableOid;
    }
    if (may_see(walk.visibility, row)) found.add(id, copy_of(walk, row));
}

void walk_path(Walk& walk, const OpenLeaf& leaf, const Path& path, Stretch& found) {
    TupleTableSlot* slot = table_slot_create(leaf.relation, nullptr);
    TupleTableSlot* in_table = MakeSingleTupleTableSlot(RelationGetDescr(walk.table), &TTSOpsVirtual);
    PathScan scan = begin_path_scan(leaf.relation, path, walk.request->filters, leaf.from, walk.at);
    ids::Uuid id{};
    // A row that an erasure has rewritten has one entry for each version. The walk never ends between them.
    bool gone = false;
    bool more = true;
    while (!found.full() && (more = next_entry(scan, id))) {
        CHECK_FOR_INTERRUPTS();
        if (walk.examined != id) {
            if (walk.rows_left == 0) break;
            walk.pass(id);
        } else if (!gone) {
            continue;
        }
        gone = !index_fetch_heap(scan.scan, slot);
        if (!gone && satisfies(walk.request->filters, leaf.attributes, slot))
            take(walk, leaf, id, slot, in_table, found);
    }
    if (walk.rows_left == 0) {
        while (more && walk.examined == id) more = next_entry(scan, id);
        walk.stop_above(more ? std::optional(id) : std::nullopt, leaf.from);
    }
    end_path_scan(scan);
    ExecDropSingleTupleTableSlot(in_table);
    ExecDropSingleTupleTableSlot(slot);
}

// The server sorts a partition that cannot be walked: one that the user made without a key on event_id, or
// that is not a plain table.
void walk_unkeyed(Walk& walk, const ids::Uuid& from, Stretch& found) {
    const size_t limit = std::min<size_t>(found.wanted - found.count, static_cast<size_t>(walk.rows_left));
    HeapTuple* rows = found.rows + found.count;
    const size_t count = find_unkeyed(walk.request->filters, from, walk.at, {rows, limit});
    const AttrNumber id_column = get_attnum(RelationGetRelid(walk.table), logs::kEvents.id_column());
    for (size_t i = 0; i < count; i++) {
        bool null = false;
        ids::Uuid id = pg::uuid_of(heap_getattr(rows[i], id_column, RelationGetDescr(walk.table), &null));
        walk.pass(id);
        found.add(id, rows[i]);
    }
}

// Returns whether the partition has been walked, and not left to a query.
bool walk_table(Walk& walk, Relation relation, const ids::Uuid& from, Stretch& found) {
    if (!RELKIND_HAS_STORAGE(relation->rd_rel->relkind)) return false;
    PredicateLockRelation(relation, GetActiveSnapshot());
    if (RelationGetNumberOfBlocks(relation) == 0) return true;
    TupleConversionMap* map =
        convert_tuples_by_name(RelationGetDescr(relation), RelationGetDescr(walk.table));
    const OpenLeaf leaf{relation, from, attributes_of(relation), map == nullptr ? nullptr : map->attrMap};
    Path path = open_path(relation, leaf.attributes, walk.request->filters);
    if (path.index == nullptr) return false;
    walk_path(walk, leaf, path, found);
    close_path(path);
    return true;
}

// A page locks one partition at a time, because its rows are copies.
void walk_leaf(Walk& walk, const store::PartitionRange& partition, Stretch& found) {
    // Partitions made ahead are passed without being opened.
    if (!IsolationIsSerializable() && store::has_empty_file(partition.leaf)) return;
    Relation leaf = try_table_open(partition.leaf, AccessShareLock);
    if (leaf == nullptr) return;
    const bool walked = walk_table(walk, leaf, partition.from, found);
    table_close(leaf, AccessShareLock);
    if (!walked) walk_unkeyed(walk, partition.from, found);
}

// Continues until the stretch is full, no more rows may be examined, or the log ends.
void walk_on(Walk& walk, Stretch& found) {
    found.count = 0;
    while (!found.full() && walk.rows_left > 0 && !walk.ended) {
        CHECK_FOR_INTERRUPTS();
        store::PartitionRange partition = store::partition_at_or_below(walk.at);
        if (OidIsValid(partition.leaf)) walk_leaf(walk, partition, found);
        if (found.full() || walk.rows_left == 0) break;
        walk.ended = !OidIsValid(partition.leaf) || partition.from == kLeastId;
        walk.at = ids::predecessor(partition.from);
    }
}

// Asks SQL for the rows that the walk has left to it.
void ask_sql(Stretch& found) {
    size_t asked = 0;
    for (size_t i = 0; i < found.count; i++)
        if (found.rows[i] == nullptr) found.ids[asked++] = found.ids[i];
    if (asked == 0) return;
    auto* rows = static_cast<HeapTuple*>(palloc(sizeof(HeapTuple) * asked));
    fetch_rows({found.ids, asked}, {rows, asked});
    size_t next = 0;
    for (size_t i = 0; i < found.count; i++)
        if (found.rows[i] == nullptr) found.rows[i] = rows[next++];
    pfree(rows);
}

Walk begin_walk(const PageRequest& request) {
    store::require_full_service();
    Relation table = table_open(store::catalog().table_of(logs::kEvents), AccessShareLock);
    Walk walk{.request = &request,
              .table = table,
              .visibility = begin_visibility(),
              .at = kGreatestId,
              .rows_left = settings::page_scan_rows,
              .examined = std::nullopt};
    if (request.cursor) {
        walk.ended = *request.cursor == kLeastId;
        walk.at = ids::predecessor(*request.cursor);
    }
    store::open_ranges(walk.table);
    return walk;
}

ids::Uuid id_of(const Page& page, HeapTuple row) {
    bool null = false;
    return pg::uuid_of(heap_getattr(row, page.attributes.numbers[logs::kEventId], page.columns, &null));
}

}  // namespace

Page find_page(const PageRequest& request) {
    // One row more than the page holds shows whether there is a next page.
    const size_t wanted = request.max_rows + 1;
    Walk walk = pg::call([&request] { return begin_walk(request); });
    Page page;
    auto* found = pg::call([&] {
        page.columns = CreateTupleDescCopy(RelationGetDescr(walk.table));
        page.attributes = attributes_of(walk.table);
        return static_cast<Stretch*>(palloc(sizeof(Stretch)));
    });
    found->wanted = wanted;
    do {
        pg::call([&] {
            walk_on(walk, *found);
            ask_sql(*found);
        });
        std::copy_if(found->rows, found->rows + found->count, std::back_inserter(page.rows),
                     [](HeapTuple row) { return row != nullptr; });
        // Row security may hide nearly all of the rows found.
        found->wanted = std::min(found->wanted * 2, kLargestStretch);
    } while (page.rows.size() < wanted && !walk.ended && walk.rows_left > 0);
    pg::call([&] {
        pfree(found);
        end_visibility(walk.visibility);
        table_close(walk.table, NoLock);
    });
    if (page.rows.size() >= wanted) {
        page.rows.resize(request.max_rows);
        page.next = pg::call([&] { return id_of(page, page.rows.back()); });
    } else if (!walk.ended) {
        page.next = walk.cursor();
        page.cut = true;
    }
    return page;
}

}  // namespace eventlog::pages
