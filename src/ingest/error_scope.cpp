#include "ingest/error_scope.h"

namespace eventlog::ingest {
namespace {

constexpr int kOperatorIntervention = MAKE_SQLSTATE('5', '7', '0', '0', '0');

constexpr int kOfServer[] = {ERRCODE_INSUFFICIENT_RESOURCES, kOperatorIntervention, ERRCODE_SYSTEM_ERROR};
constexpr int kOfTransaction[] = {ERRCODE_INVALID_TRANSACTION_STATE, ERRCODE_TRANSACTION_ROLLBACK,
                                  ERRCODE_INTERNAL_ERROR};

bool is_of_category(int sqlstate, std::span<const int> categories) {
    return std::any_of(categories.begin(), categories.end(), [sqlstate](int category) {
        return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(category);
    });
}

}  // namespace

ErrorScope scope_of(int sqlstate) {
    if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE || is_of_category(sqlstate, kOfServer))
        return ErrorScope::server;
    return is_of_category(sqlstate, kOfTransaction) ? ErrorScope::transaction : ErrorScope::event;
}

}  // namespace eventlog::ingest
