#include "forward/erasures.h"

namespace eventlog::forward {
namespace {

Oid dead_letters = InvalidOid;
uint64_t heard = 0;

void on_relation_change(Datum, Oid relation) {
    if (relation == InvalidOid || relation == dead_letters) heard++;
}

}  // namespace

void watch_erasures() {
    CacheRegisterRelcacheCallback(on_relation_change, (Datum)0);
}

void find_erasures() {
    Oid schema = get_namespace_oid("eventlog", true);
    Oid found = OidIsValid(schema) ? get_relname_relid("dead_letters", schema) : InvalidOid;
    // Erasures could not be noticed while the table was unknown, so one is assumed.
    if (found != dead_letters) heard++;
    dead_letters = found;
}

uint64_t erasures() {
    return heard;
}

}  // namespace eventlog::forward
