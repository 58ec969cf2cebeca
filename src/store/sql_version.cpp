// eventlog.version, and the function by which an update makes every session read the catalog again.
#include "pg/boundary.h"

#include "store/catalog.h"

namespace {

using namespace eventlog;

constexpr const char* kBuiltWith = "PostgreSQL " PG_VERSION ", " __VERSION__;

}  // namespace

EVENTLOG_FUNCTION(eventlog_version) {
    return pg::call([fcinfo] {
        TupleDesc columns = nullptr;
        if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE)
            elog(ERROR, "return type must be a row type");
        char* installed = store::installed_version();
        Datum values[] = {CStringGetTextDatum(EVENTLOG_VERSION),
                          installed != nullptr ? CStringGetTextDatum(installed) : (Datum)0,
                          CStringGetTextDatum(kBuiltWith)};
        bool nulls[] = {false, installed == nullptr, false};
        return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
    });
}

EVENTLOG_FUNCTION(eventlog_catalog_changed) {
    pg::call([] { store::announce_change(); });
    PG_RETURN_VOID();
}
