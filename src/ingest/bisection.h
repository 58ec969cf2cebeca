// Finds the events that cannot be written among several that are written together.
#pragma once

#include <span>

namespace eventlog::ingest {

// Attempts all of them; where that fails, each half in turn, down to the single ones. `attempt` returns
// whether nothing is left to do for the items that it is given, and deals with the failure of a single one
// itself.
template <typename Item, typename Attempt>
void bisect(std::span<Item> items, const Attempt& attempt) {
    if (items.empty() || attempt(items) || items.size() == 1) return;
    const size_t half = items.size() / 2;
    bisect(items.first(half), attempt);
    bisect(items.subspan(half), attempt);
}

}  // namespace eventlog::ingest
