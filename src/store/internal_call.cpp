#include "store/internal_call.h"

#include "store/catalog.h"

namespace eventlog::store {

void prepare_call(PreparedCall& prepared, const char* call) {
    const char* schema = catalog().internal_schema;
    if (prepared.schema == schema) return;
    if (prepared.plan != nullptr) SPI_freeplan(prepared.plan);
    if (prepared.sql != nullptr) pfree(prepared.sql);
    prepared = {};
    prepared.sql = MemoryContextStrdup(TopMemoryContext, psprintf("SELECT %s.%s", schema, call));
    prepared.schema = schema;
}

}  // namespace eventlog::store
