-- The owner of a schema may rename it or drop what is in it, and whoever has made a function in it may have given it a name of ours.
-- So the extension goes only into a schema of somebody who could do everything anyway. No name is looked up in that schema before
-- this is known, nor, later in the script, without being qualified.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
DO $$
DECLARE
    installed record;
    offence record;
    is_update boolean;
BEGIN
    SELECT x.oid, x.extowner, n.nspname INTO installed
    FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'eventlog';
    is_update := EXISTS (SELECT FROM pg_depend m
                         WHERE m.refclassid = 'pg_extension'::regclass AND m.refobjid = installed.oid AND m.deptype = 'e');
    IF installed.nspname <> 'eventlog' THEN
        RAISE EXCEPTION 'extension "eventlog" is in schema "%"', installed.nspname
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'The schema of the extension has been renamed, and another one may have taken its name.',
                  HINT = format('Rename the other schema, and run ALTER SCHEMA %I RENAME TO eventlog.', installed.nspname);
    END IF;

    SELECT n.nspname AS schema, r.rolname AS owner INTO offence
    FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
    WHERE (n.nspname = 'eventlog' OR n.nspname = 'eventlog_internal' AND is_update)
      AND NOT r.rolsuper AND n.nspowner <> installed.extowner
    ORDER BY n.nspname LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema "%" belongs to role "%", who is not a superuser', offence.schema, offence.owner
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'The owner of the schema could replace the objects of the extension, and so become a superuser.',
                  HINT = format('Look at what the schema holds, and run ALTER SCHEMA %I OWNER TO CURRENT_USER.', offence.schema);
    END IF;

    -- Partitions are no members of the extension. An update leaves objects alone that a superuser or the owner of the log has made.
    SELECT object.schema, string_agg(pg_describe_object(d.classid, d.objid, 0), ', ' ORDER BY d.classid, d.objid) AS objects INTO offence
    FROM pg_namespace n
    JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) object
    WHERE n.nspname IN ('eventlog', 'eventlog_internal') AND object.schema = n.nspname
      AND NOT EXISTS (SELECT FROM pg_depend m
                      WHERE m.classid = d.classid AND m.objid = d.objid
                        AND m.refclassid = 'pg_extension'::regclass AND m.refobjid = installed.oid AND m.deptype = 'e')
      AND (NOT is_update
           OR EXISTS (SELECT FROM pg_shdepend o JOIN pg_roles r ON r.oid = o.refobjid
                      WHERE o.dbid = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database())
                        AND o.classid = d.classid AND o.objid = d.objid AND o.refclassid = 'pg_authid'::regclass AND o.deptype = 'o'
                        AND NOT r.rolsuper AND o.refobjid <> installed.extowner
                        AND NOT EXISTS (SELECT FROM pg_class e
                                        WHERE e.relname = 'events' AND e.relnamespace = n.oid AND e.relowner = o.refobjid)))
      AND NOT (is_update AND d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid))
    GROUP BY object.schema ORDER BY object.schema LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema "%" holds objects that do not belong to extension "eventlog"', offence.schema
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('These objects are in the schema: %s.', offence.objects),
                  HINT = 'Drop these objects, or move them to another schema.';
    END IF;
END
$$;
