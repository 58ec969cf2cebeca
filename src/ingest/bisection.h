// Finds the events that cannot be written among several that are written together.
#pragma once

#include <span>

namespace eventlog::ingest {

// Attempts all items together; if that fails, attempts each half in turn, down to single items. `attempt`
// returns whether it is done with the items that it is given, and must deal with the failure of a single
// item itself.
template <typename Item, typename Attempt>
void bisect(std::span<Item> items, const Attempt& attempt) {
    if (items.empty() || attempt(items) || items.size() == 1) return;
    const size_t half = items.size() / 2;
    bisect(items.first(half), attempt);
    bisect(items.subspan(half), attempt);
}

}  // namespace eventlog::ingest
