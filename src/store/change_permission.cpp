#include "store/change_permission.h"

namespace eventlog::store {
namespace {

Oid permitted_table = InvalidOid;
bool taken = false;

}  // namespace

ChangePermission::ChangePermission(Oid table) {
    permitted_table = table;
    taken = false;
}

ChangePermission::~ChangePermission() {
    permitted_table = InvalidOid;
    taken = false;
}

bool take_change_permission(Oid table) {
    if (!OidIsValid(permitted_table) || permitted_table != table) return false;
    permitted_table = InvalidOid;
    taken = true;
    return true;
}

bool permits_row_changes() {
    return taken;
}

}  // namespace eventlog::store
