#include "store/change_permission.h"

namespace eventlog::store {
namespace {

Oid permitted_table = InvalidOid;

}  // namespace

ChangePermission::ChangePermission(Oid table) {
    permitted_table = table;
}

ChangePermission::~ChangePermission() {
    permitted_table = InvalidOid;
}

bool take_change_permission(Oid table) {
    if (!OidIsValid(permitted_table) || permitted_table != table) return false;
    permitted_table = InvalidOid;
    return true;
}

}  // namespace eventlog::store
