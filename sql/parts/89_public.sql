-- PUBLIC may do nothing with what this command has made; what was granted since stays, also on what it has replaced. The command
-- has written the extension's row, too.
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN
        SELECT CASE d.classid
                   WHEN 'pg_class'::regclass THEN format('TABLE %s', d.objid::regclass)
                   WHEN 'pg_proc'::regclass THEN format('ROUTINE %s', d.objid::regprocedure)
                   ELSE format('TYPE %s', d.objid::regtype)
               END
        FROM pg_extension x
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e' AND d.xmin = x.xmin
        WHERE x.extname = 'eventlog' AND d.classid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
          -- Newer servers count row and array types as members; an array type has no privileges of its own.
          AND (d.classid <> 'pg_type'::regclass
               OR NOT EXISTS (SELECT FROM pg_depend i
                              WHERE i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i'))
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', made);
    END LOOP;
END
$$;
