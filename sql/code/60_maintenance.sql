CREATE OR REPLACE FUNCTION eventlog.maintain() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_maintain';
COMMENT ON FUNCTION eventlog.maintain() IS
    'adopts a restored database and makes partitions ahead, as the worker does; any scheduler can call it';

CREATE OR REPLACE FUNCTION eventlog.version(OUT library text, OUT catalog text, OUT built_with text) RETURNS record
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'eventlog_version';
COMMENT ON FUNCTION eventlog.version() IS
    'versions of the library and of its SQL objects, and the software that the library was built with';

CREATE OR REPLACE FUNCTION eventlog_internal.catalog_changed() RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'eventlog_catalog_changed';
COMMENT ON FUNCTION eventlog_internal.catalog_changed() IS 'has every session read the objects of the extension anew after an update';
