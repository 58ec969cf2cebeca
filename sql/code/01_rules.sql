-- The rule by its name in src/rules/rules.inc, the field that breaks it, and values by the names of the rule's placeholders.
CREATE OR REPLACE FUNCTION eventlog_internal.refuse(rule text, field text, VARIADIC named_values text[] DEFAULT '{}') RETURNS void
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_refuse';
COMMENT ON FUNCTION eventlog_internal.refuse(text, text, text[]) IS 'raises the error of a broken rule';

-- Any function of the library loads it; this one costs nothing more.
CREATE OR REPLACE FUNCTION eventlog_internal.load_library() RETURNS void
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_load_library';
COMMENT ON FUNCTION eventlog_internal.load_library() IS
    'loads the library, which keeps a function from writing tables that run code of somebody else; a function in PL/pgSQL calls this before it writes';
