// eventlog.test_target: what a request to a target meets.
#include "pg/boundary.h"

#include "forward/probe.h"
#include "pg/datum.h"
#include "pg/owner_sql.h"
#include "store/catalog.h"

namespace {

using namespace eventlog;
using rules::Rule;
using rules::with;

forward::Declaration read_declaration(const std::string& target) {
    pg::OwnerSql saved = pg::call([] {
        store::require_full_service();
        return pg::begin_owner_sql(store::catalog().owner);
    });
    std::optional<forward::Declaration> found = forward::load_declaration(target);
    pg::call([&saved] { pg::end_owner_sql(saved); });
    if (!found) throw pg::error_of(rules::violation<Rule::target_unknown>("target", with<"found">(target)));
    return std::move(*found);
}

}  // namespace

EVENTLOG_FUNCTION(eventlog_test_target) {
    if (PG_ARGISNULL(0)) throw pg::error_of(rules::violation<Rule::argument_null>("target"));
    const std::string target(pg::call([fcinfo] { return pg::text_view(PG_GETARG_DATUM(0)); }));
    const forward::Declaration declaration = read_declaration(target);
    const std::vector<forward::ProbeStep> steps = forward::probe(declaration);
    auto* set = pg::call([fcinfo] {
        InitMaterializedSRF(fcinfo, 0);
        return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    });
    for (const forward::ProbeStep& step : steps) {
        pg::call([&step, set] {
            Datum values[] = {CStringGetTextDatum(step.step), BoolGetDatum(step.ok.value_or(false)),
                              pg::text_datum(step.detail)};
            bool nulls[] = {false, !step.ok.has_value(), false};
            tuplestore_putvalues(set->setResult, set->setDesc, values, nulls);
        });
    }
    return (Datum)0;
}
