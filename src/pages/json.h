// The JSON that list_events returns.
#pragma once

#include "pg/server.h"

#include "pages/page.h"

namespace eventlog::pages {

// The page in the memory context `result`: {"data": {"events": […], "nextCursor": … | null}}. Throws
// pg::ServerError.
Jsonb* json_of(const Page& page, MemoryContext result);

}  // namespace eventlog::pages
