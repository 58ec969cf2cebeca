#include "feed/piece_rows.h"

#include "logs/events.h"
#include "pages/by_query.h"
#include "pages/path.h"
#include "store/catalog.h"
#include "store/ranges.h"

namespace eventlog::feed {
namespace {

using Ids = std::span<const ids::Uuid>;

// A scan passes over so many rows of others before it looks the next id up in the index.
constexpr int kMostPassed = 8;

struct Reading {
    Relation table;
    TupleTableSlot* in_table;  // a row in the layout of the table
    RowSink sink;
};

// Walks the primary key from id to id. Returns whether the sink takes more.
bool read_leaf(const Reading& reading, Relation leaf, const pages::Path& path, Ids ids) {
    const pages::Filters none{};
    TupleConversionMap* map = convert_tuples_by_name(RelationGetDescr(leaf), RelationGetDescr(reading.table));
    TupleTableSlot* slot = table_slot_create(leaf, nullptr);
    pages::PathScan scan = pages::begin_path_scan(leaf, path, none, ids.front(), ids.back());
    ids::Uuid at{};
    bool more = pages::next_older_first(scan, at);
    bool wanted = true;
    for (size_t i = 0; more && wanted && i < ids.size();) {
        CHECK_FOR_INTERRUPTS();
        for (int passed = 0; more && at < ids[i] && passed < kMostPassed; passed++)
            more = pages::next_older_first(scan, at);
        if (more && at < ids[i]) {
            pages::end_path_scan(scan);
            scan = pages::begin_path_scan(leaf, path, none, ids[i], ids.back());
            more = pages::next_older_first(scan, at);
            continue;
        }
        // An erased row has one entry for each version.
        if (more && at == ids[i]) {
            if (index_fetch_heap(scan.scan, slot)) {
                TupleTableSlot* row =
                    map == nullptr ? slot : execute_attr_map_slot(map->attrMap, slot, reading.in_table);
                wanted = reading.sink.take(reading.sink.sink, at, row);
                i++;
            }
            more = pages::next_older_first(scan, at);
        }
        while (i < ids.size() && ids[i] < at) i++;
    }
    pages::end_path_scan(scan);
    ExecDropSingleTupleTableSlot(slot);
    return wanted;
}

// A partition that the user made without a key on event_id, or that is not a plain table.
bool read_unkeyed(const Reading& reading, Ids ids) {
    auto* descending = static_cast<ids::Uuid*>(palloc(sizeof(ids::Uuid) * ids.size()));
    auto* rows = static_cast<HeapTuple*>(palloc(sizeof(HeapTuple) * ids.size()));
    std::reverse_copy(ids.begin(), ids.end(), descending);
    pages::fetch_rows({descending, ids.size()}, {rows, ids.size()});
    for (size_t i = ids.size(); i-- > 0;) {
        if (rows[i] == nullptr) continue;
        ExecForceStoreHeapTuple(rows[i], reading.in_table, false);
        if (!reading.sink.take(reading.sink.sink, descending[i], reading.in_table)) return false;
    }
    return true;
}

bool read_partition(const Reading& reading, Oid oid, Ids ids) {
    Relation leaf = try_table_open(oid, AccessShareLock);
    if (leaf == nullptr) return true;
    pages::Path path;
    if (RELKIND_HAS_STORAGE(leaf->rd_rel->relkind))
        path = pages::open_path(leaf, pages::attributes_of(leaf), {});
    const bool keyed = path.index != nullptr;
    bool wanted = true;
    if (keyed) {
        wanted = read_leaf(reading, leaf, path, ids);
        pages::close_path(path);
    }
    table_close(leaf, AccessShareLock);
    return keyed ? wanted : read_unkeyed(reading, ids);
}

// Returns whether the slot's tuple can be copied as it is.
bool is_plain(TupleTableSlot* row, TupleDesc columns) {
    if (!TTS_IS_BUFFERTUPLE(row)) return false;
    HeapTuple tuple = ExecFetchSlotHeapTuple(row, false, nullptr);
    return !HeapTupleHasExternal(tuple) && HeapTupleHeaderGetNatts(tuple->t_data) == columns->natts;
}

}  // namespace

void read_rows(std::span<const ids::Uuid> ids, RowSink sink) {
    Relation table = table_open(store::catalog().table_of(logs::kEvents), AccessShareLock);
    const Reading reading{table, MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual), sink};
    store::open_ranges(table);
    while (!ids.empty()) {
        const store::PartitionRange partition = store::partition_at_or_below(ids.front());
        const bool holds = OidIsValid(partition.leaf) && (!partition.to || ids.front() < *partition.to);
        const auto end = !holds         ? ids.begin() + 1
                         : partition.to ? std::lower_bound(ids.begin(), ids.end(), *partition.to)
                                        : ids.end();
        if (holds && !read_partition(reading, partition.leaf, {ids.begin(), end})) break;
        ids = {end, ids.end()};
    }
    ExecDropSingleTupleTableSlot(reading.in_table);
    table_close(table, NoLock);
}

void put_row(ReturnSetInfo* set, TupleTableSlot* row) {
    TupleDesc columns = set->setDesc;
    if (is_plain(row, columns)) {
        tuplestore_puttupleslot(set->setResult, row);
        return;
    }
    slot_getallattrs(row);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * columns->natts));
    for (int i = 0; i < columns->natts; i++) {
        values[i] = row->tts_values[i];
        const bool wide = !row->tts_isnull[i] && TupleDescAttr(columns, i)->attlen == -1;
        if (wide && VARATT_IS_EXTERNAL(DatumGetPointer(values[i])))
            values[i] = PointerGetDatum(PG_DETOAST_DATUM(values[i]));
    }
    tuplestore_putvalues(set->setResult, columns, values, row->tts_isnull);
    pfree(values);
}

}  // namespace eventlog::feed
