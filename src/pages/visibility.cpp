#include "pages/visibility.h"

namespace eventlog::pages {
namespace {

constexpr const char* kWholeRows = "SELECT e FROM eventlog.events e";

// Analysis checks the schema's privilege, and notes the privileges that the query needs.
Query* analyze() {
    List* parsed = pg_parse_query(kWholeRows);
    return parse_analyze_fixedparams(linitial_node(RawStmt, parsed), kWholeRows, nullptr, 0, nullptr);
}

}  // namespace

Visibility begin_visibility() {
    Query* query = analyze();
    check_privileges(query);
    List* policies = NIL;
    List* checks = NIL;
    bool secured = false;
    Visibility visibility{};
    get_row_security_policies(query, linitial_node(RangeTblEntry, query->rtable), 1, &policies, &checks,
                              &secured, &visibility.by_query);
    if (visibility.by_query || policies == NIL) return visibility;
    visibility.executor = CreateExecutorState();
    visibility.policies = ExecPrepareQual(policies, visibility.executor);
    return visibility;
}

bool may_see(const Visibility& visibility, TupleTableSlot* row) {
    if (visibility.policies == nullptr) return true;
    ExprContext* context = GetPerTupleExprContext(visibility.executor);
    ResetExprContext(context);
    context->ecxt_scantuple = row;
    return ExecQual(visibility.policies, context);
}

void end_visibility(const Visibility& visibility) {
    if (visibility.executor != nullptr) FreeExecutorState(visibility.executor);
}

}  // namespace eventlog::pages
