#include "store/attached_code.h"

#include "pg/boundary.h"

namespace eventlog::store {
namespace {

using rules::Rule;
using rules::with;

// The facts that are known of a relation.
struct Known {
    Oid relation;
    bool ownership_known;  // whether the next one is set
    bool of_extension;
    Oid role;              // for which its code was found harmless; InvalidOid if it was not
    bool depends_on_role;  // set with `role`
};

HTAB* known_relations = nullptr;
uint64_t changes = 0;

// The relations that were found harmless last, for log calls, which ask for three of them each time.
Known last_found[8];

Known& place_of(Oid relation) {
    return last_found[relation % std::size(last_found)];
}

void forget_all() {
    std::fill(std::begin(last_found), std::end(last_found), Known{});
    if (known_relations != nullptr) hash_destroy(known_relations);
    known_relations = nullptr;
    changes++;
}

// A function or a role has changed.
void on_object_change(Datum, int, uint32) {
    forget_all();
}

const Known* find_known(Oid relation) {
    if (known_relations == nullptr) return nullptr;
    return static_cast<const Known*>(hash_search(known_relations, &relation, HASH_FIND, nullptr));
}

Known* make_known(Oid relation) {
    if (known_relations == nullptr) {
        HASHCTL control{};
        control.keysize = sizeof(Oid);
        control.entrysize = sizeof(Known);
        known_relations = hash_create("eventlog attached code", 64, &control, HASH_ELEM | HASH_BLOBS);
    }
    bool found = false;
    auto* known = static_cast<Known*>(hash_search(known_relations, &relation, HASH_ENTER, &found));
    if (!found) *known = {relation, false, false, InvalidOid, false};
    return known;
}

// ---- functions in expressions ----------------------------------------------------------------------------

// The search of a relation's code for a function of somebody else.
struct Search {
    Oid role;                   // may own functions, besides superusers; InvalidOid: nobody else may
    Oid function = InvalidOid;  // the one that was found
    bool depends_on_role = false;
    bool is_kept = true;  // whether the callbacks hear of every change of the result
};

bool walk(Node* node, void* context);

bool is_strangers_function(Oid function, void* context) {
    auto* search = static_cast<Search*>(context);
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", function);
    const auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const Oid owner = form->proowner;
    const bool is_immutable = form->provolatile == PROVOLATILE_IMMUTABLE;
    ReleaseSysCache(tuple);
    if (function < FirstNormalObjectId) {
        search->depends_on_role = search->depends_on_role || !is_immutable;
        return false;
    }
    search->depends_on_role = true;
    if (owner == search->role || superuser_arg(owner)) return false;
    // The installing superuser may have become an ordinary role since.
    const Oid extension = getExtensionOfObject(ProcedureRelationId, function);
    if (OidIsValid(extension) && extension == get_extension_oid("eventlog", true)) return false;
    search->function = function;
    return true;
}

bool is_strangers_text(const char* text, Search& search) {
    return text != nullptr && walk(static_cast<Node*>(stringToNode(text)), &search);
}

// Checks the constraints of a domain, and of the domains that it is made from. No callback hears of their
// changes.
bool is_strangers_domain(Oid type, Search& search) {
    bool found = false;
    while (!found && get_typtype(type) == TYPTYPE_DOMAIN) {
        search.is_kept = false;
        Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
        ScanKeyData key;
        ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
                    ObjectIdGetDatum(type));
        SysScanDesc scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, nullptr, 1, &key);
        for (HeapTuple tuple = nullptr; !found && HeapTupleIsValid(tuple = systable_getnext(scan));) {
            bool null = false;
            Datum expression =
                heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &null);
            found = !null && is_strangers_text(TextDatumGetCString(expression), search);
        }
        systable_endscan(scan);
        table_close(constraints, AccessShareLock);
        HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
        if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
        type = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typbasetype;
        ReleaseSysCache(tuple);
    }
    return found;
}

bool walk(Node* node, void* context) {
    auto* search = static_cast<Search*>(context);
    if (node == nullptr) return false;
    if (check_functions_in_node(node, is_strangers_function, context)) return true;
    if (IsA(node, SQLValueFunction) || IsA(node, NextValueExpr)) search->depends_on_role = true;
    if (IsA(node, CoerceToDomain) && is_strangers_domain(castNode(CoerceToDomain, node)->resulttype, *search))
        return true;
    return walk_children(node, walk, context);
}

// ---- what is attached to a relation ----------------------------------------------------------------------

[[noreturn]] void refuse(const ObjectAddress& object, const Search& search, Oid role) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(search.function));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for function %u", search.function);
    const Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proowner;
    ReleaseSysCache(tuple);
    const auto what = with<"object">(getObjectDescription(&object, false));
    const auto function = with<"function">(format_procedure_qualified(search.function));
    const auto stranger = with<"owner">(GetUserNameFromId(owner, false));
    if (!OidIsValid(search.role)) pg::refuse<Rule::attached_code_deferred>({}, what, function, stranger);
    pg::refuse<Rule::attached_code>({}, what, function, stranger,
                                    with<"role">(GetUserNameFromId(role, false)));
}

void check(bool is_strangers, Oid catalog, Oid object, const Search& search) {
    if (!is_strangers) return;
    ObjectAddress address;
    ObjectAddressSet(address, catalog, object);
    refuse(address, search, search.role);
}

// Returns whether a foreign key changes the rows that refer to a row which is changed or deleted.
bool is_action(Oid function) {
    return function == F_RI_FKEY_CASCADE_DEL || function == F_RI_FKEY_CASCADE_UPD ||
           function == F_RI_FKEY_SETNULL_DEL || function == F_RI_FKEY_SETNULL_UPD ||
           function == F_RI_FKEY_SETDEFAULT_DEL || function == F_RI_FKEY_SETDEFAULT_UPD;
}

// The server fires the AFTER triggers of the other table as the role that has changed this one.
void check_reference(const Trigger& trigger, Oid role) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(trigger.tgconstrrelid));
    if (!HeapTupleIsValid(tuple)) return;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    if (owner == role || superuser_arg(owner)) return;
    ObjectAddress address;
    ObjectAddressSet(address, ConstraintRelationId, trigger.tgconstraint);
    pg::refuse<Rule::attached_reference>(
        {}, with<"object">(getObjectDescription(&address, false)),
        with<"table">(quote_qualified_identifier(get_namespace_name(get_rel_namespace(trigger.tgconstrrelid)),
                                                 get_rel_name(trigger.tgconstrrelid))),
        with<"owner">(GetUserNameFromId(owner, false)), with<"role">(GetUserNameFromId(role, false)));
}

void check_triggers(Relation relation, Search& search) {
    // The server may free the relation's own list when it hears of any change.
    const TriggerDesc* triggers = CopyTriggerDesc(relation->trigdesc);
    const Oid role = search.role;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        const Trigger& trigger = triggers->triggers[i];
        if (trigger.tgenabled == TRIGGER_DISABLED) continue;
        if (is_action(trigger.tgfoid)) {
            // The other table may get another owner, which nothing here hears of.
            search.is_kept = false;
            check_reference(trigger, role);
        }
        // A deferred trigger runs as the role that commits.
        search.role = trigger.tgdeferrable ? InvalidOid : role;
        check(is_strangers_function(trigger.tgfoid, &search) || is_strangers_text(trigger.tgqual, search),
              TriggerRelationId, trigger.tgoid, search);
    }
    search.role = role;
}

void check_rules(Relation relation, Search& search) {
    const RuleLock* rules = relation->rd_rules;
    for (int i = 0; rules != nullptr && i < rules->numLocks; i++) {
        const RewriteRule& rule = *rules->rules[i];
        if (rule.enabled == RULE_DISABLED) continue;
        check(walk(rule.qual, &search) || walk(reinterpret_cast<Node*>(rule.actions), &search),
              RewriteRelationId, rule.ruleId, search);
    }
}

void check_policies(Relation relation, Search& search) {
    const Oid table = RelationGetRelid(relation);
    if (relation->rd_rsdesc == nullptr || check_enable_rls(table, search.role, true) != RLS_ENABLED) return;
    ListCell* cell = nullptr;
    foreach (cell, relation->rd_rsdesc->policies) {
        const auto* policy = static_cast<RowSecurityPolicy*>(lfirst(cell));
        if (walk(reinterpret_cast<Node*>(policy->qual), &search) ||
            walk(reinterpret_cast<Node*>(policy->with_check_qual), &search))
            check(true, PolicyRelationId, get_relation_policy_oid(table, policy->policy_name, false), search);
    }
}

void check_columns(Relation relation, Search& search) {
    TupleDesc columns = RelationGetDescr(relation);
    const TupleConstr* constraints = columns->constr;
    ObjectAddress address;
    for (int i = 0; constraints != nullptr && i < constraints->num_defval; i++) {
        const AttrDefault& value = constraints->defval[i];
        ObjectAddressSubSet(address, RelationRelationId, RelationGetRelid(relation), value.adnum);
        if (is_strangers_text(value.adbin, search)) refuse(address, search, search.role);
    }
    for (int i = 0; i < columns->natts; i++) {
        Form_pg_attribute column = TupleDescAttr(columns, i);
        ObjectAddressSubSet(address, RelationRelationId, RelationGetRelid(relation), column->attnum);
        if (!column->attisdropped && is_strangers_domain(column->atttypid, search))
            refuse(address, search, search.role);
    }
}

void check_constraints(Relation relation, Search& search) {
    const TupleConstr* constraints = RelationGetDescr(relation)->constr;
    for (int i = 0; constraints != nullptr && i < constraints->num_check; i++) {
        const ConstrCheck& constraint = constraints->check[i];
        if (is_strangers_text(constraint.ccbin, search))
            check(true, ConstraintRelationId,
                  get_relation_constraint_oid(RelationGetRelid(relation), constraint.ccname, false), search);
    }
}

// Reads the stored expressions, because the relation cache evaluates parts of them.
void check_indexes(Relation relation, Search& search) {
    ListCell* cell = nullptr;
    foreach (cell, RelationGetIndexList(relation)) {
        HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple)) continue;
        char* texts[2] = {};
        const AttrNumber columns[2] = {Anum_pg_index_indexprs, Anum_pg_index_indpred};
        for (int i = 0; i < 2; i++) {
            bool null = false;
            Datum stored = SysCacheGetAttr(INDEXRELID, tuple, columns[i], &null);
            if (!null) texts[i] = TextDatumGetCString(stored);
        }
        ReleaseSysCache(tuple);
        check(is_strangers_text(texts[0], search) || is_strangers_text(texts[1], search), RelationRelationId,
              lfirst_oid(cell), search);
    }
}

// Checks everything. Returns whether the answer can be kept.
bool check_all(Relation relation, Oid role, bool& depends_on_role) {
    Search search{.role = role};
    check_constraints(relation, search);
    check_indexes(relation, search);
    depends_on_role = search.depends_on_role;
    check_columns(relation, search);
    check_policies(relation, search);
    check_rules(relation, search);
    check_triggers(relation, search);
    return search.is_kept;
}

// Returns what is known of a relation that was found harmless, or null.
const Known* find_harmless(Oid table, Oid role) {
    Known& last = place_of(table);
    if (last.relation == table && last.role == role) return &last;
    const Known* known = find_known(table);
    if (known == nullptr || known->role != role) return nullptr;
    last = *known;
    return &last;
}

bool belongs_to_extension(Oid table) {
    if (get_rel_relispartition(table)) {
        List* ancestors = get_partition_ancestors(table);
        if (ancestors != NIL) table = llast_oid(ancestors);
    } else if (get_rel_namespace(table) != get_namespace_oid("eventlog", true)) {
        return false;
    }
    const Oid extension = getExtensionOfObject(RelationRelationId, table);
    return OidIsValid(extension) && extension == get_extension_oid("eventlog", true);
}

}  // namespace

bool require_own_code(Relation relation, Oid role) {
    const Oid table = RelationGetRelid(relation);
    if (const Known* known = find_harmless(table, role)) return known->depends_on_role;
    const uint64_t changes_before = changes;
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "eventlog attached code", ALLOCSET_DEFAULT_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(scratch);
    bool depends_on_role = false;
    const bool is_kept = check_all(relation, role, depends_on_role);
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(scratch);
    if (is_kept && changes == changes_before) {
        Known* known = make_known(table);
        known->role = role;
        known->depends_on_role = depends_on_role;
    }
    return depends_on_role;
}

void require_own_code(Oid table, Oid role) {
    if (find_harmless(table, role) != nullptr) return;
    Relation relation = table_open(table, AccessShareLock);
    require_own_code(relation, role);
    table_close(relation, AccessShareLock);
}

void require_own_code_of_tree(Relation relation, Oid role) {
    require_own_code(relation, role);
    if (relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE) return;
    PartitionDesc partitions = RelationGetPartitionDesc(relation, true);
    Oid* parts = static_cast<Oid*>(palloc(sizeof(Oid) * (static_cast<size_t>(partitions->nparts) + 1)));
    const int count = partitions->nparts;
    std::copy_n(partitions->oids, count, parts);
    for (int i = 0; i < count; i++) {
        Relation part = table_open(parts[i], RowExclusiveLock);
        require_own_code_of_tree(part, role);
        table_close(part, NoLock);
    }
    pfree(parts);
}

bool is_extension_table(Oid table) {
    const Known* known = find_known(table);
    if (known != nullptr && known->ownership_known) return known->of_extension;
    const uint64_t changes_before = changes;
    const bool belongs = belongs_to_extension(table);
    if (changes == changes_before) {
        Known* fresh = make_known(table);
        fresh->ownership_known = true;
        fresh->of_extension = belongs;
    }
    return belongs;
}

void forget_attached_code(Oid relation) {
    if (relation == InvalidOid) return forget_all();
    if (place_of(relation).relation == relation) place_of(relation) = {};
    if (known_relations != nullptr) hash_search(known_relations, &relation, HASH_REMOVE, nullptr);
    changes++;
}

void watch_attached_code() {
    CacheRegisterSyscacheCallback(PROCOID, on_object_change, (Datum)0);
    CacheRegisterSyscacheCallback(AUTHOID, on_object_change, (Datum)0);
}

}  // namespace eventlog::store
