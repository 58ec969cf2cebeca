#include "follow/leaf_query.h"

#include "logs/events.h"
#include "store/catalog.h"

namespace eventlog::follow {
namespace {

SPIPlanPtr prepare(const LeafQuery& query, const char* leaf) {
    const char* sql = psprintf(query.sql, leaf);
    SPIPlanPtr plan = SPI_prepare(sql, query.parameters, const_cast<Oid*>(query.types));
    if (plan == nullptr) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
}

bool is_superuser_or_owner(Oid user, Oid owner) {
    return superuser_arg(user) || has_privs_of_role(user, owner);
}

}  // namespace

void LeafQuery::run(Oid leaf, const Datum* values) {
    const char* name = get_rel_name(leaf);
    const char* schema = get_namespace_name(get_rel_namespace(leaf));
    if (name == nullptr || schema == nullptr) elog(ERROR, "cache lookup failed for relation %u", leaf);
    Kept* found = std::find_if(kept, kept + kKeptPlans, [leaf](const Kept& k) { return k.leaf == leaf; });
    if (found == kept + kKeptPlans) {
        found = &kept[next];
        next = (next + 1) % kKeptPlans;
    }
    const bool same = found->plan != nullptr && found->leaf == leaf &&
                      strcmp(NameStr(found->name), name) == 0 && strcmp(NameStr(found->schema), schema) == 0;
    if (!same) {
        if (found->plan != nullptr) SPI_freeplan(found->plan);
        *found = {};
        found->plan = prepare(*this, quote_qualified_identifier(schema, name));
        found->leaf = leaf;
        namestrcpy(&found->name, name);
        namestrcpy(&found->schema, schema);
    }
    const int result = SPI_execute_plan(found->plan, const_cast<Datum*>(values), nullptr, true, 0);
    if (result != SPI_OK_SELECT) elog(ERROR, "eventlog: %s: %s", sql, SPI_result_code_string(result));
}

bool may_hold(const store::LogPartition& partition, const WindowBounds& bounds) {
    if (!partition.facts) return true;
    const store::PartitionFacts& facts = *partition.facts;
    if (facts.rows == 0) return false;
    if (facts.greatest_xid >= bounds.range_from && facts.least_xid < bounds.range_to) return true;
    auto late = std::lower_bound(bounds.late.begin(), bounds.late.end(), facts.least_xid);
    return late != bounds.late.end() && *late <= facts.greatest_xid;
}

Relation open_events() {
    return table_open(store::catalog().table_of(logs::kEvents), AccessShareLock);
}

void close_events(Relation events) {
    table_close(events, NoLock);
}

bool may_query_leaves(Relation events, std::span<const store::LogPartition> partitions) {
    const Oid user = GetUserId();
    const FormData_pg_class& table = *events->rd_rel;
    if (table.relrowsecurity && !superuser_arg(user) &&
        (table.relforcerowsecurity || !is_superuser_or_owner(user, table.relowner)))
        return false;
    return std::none_of(partitions.begin(), partitions.end(), [user](const store::LogPartition& partition) {
        return partition.is_default || pg_class_aclcheck(partition.oid, user, ACL_SELECT) != ACLCHECK_OK;
    });
}

bool lock_unless_empty(Oid leaf) {
    Relation relation = try_relation_open(leaf, AccessShareLock);
    if (relation == nullptr) return false;
    const bool empty =
        relation->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfBlocks(relation) == 0;
    relation_close(relation, NoLock);
    return !empty;
}

}  // namespace eventlog::follow
