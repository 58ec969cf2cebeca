// The JSON that list_events returns.
#pragma once

#include "pg/server.h"

#include "pages/page.h"

namespace eventlog::pages {

// Returns {"data": {"events": […], "nextCursor": … | null}}, allocated in the memory context `result`. Throws
// pg::ServerError.
Jsonb* json_of(const Page& page, MemoryContext result);

}  // namespace eventlog::pages
