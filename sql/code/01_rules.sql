-- The rule by its name in src/rules/rules.inc, the field that breaks it, and values by the names of the rule's placeholders.
CREATE OR REPLACE FUNCTION eventlog_internal.refuse(rule text, field text, VARIADIC named_values text[] DEFAULT '{}') RETURNS void
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_refuse';
COMMENT ON FUNCTION eventlog_internal.refuse(text, text, text[]) IS 'raises the error of a broken rule';
