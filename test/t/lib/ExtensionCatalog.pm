# All that the system catalogs say of the extension in a database, to be compared with another's.
package ExtensionCatalog;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Test::More;

our @EXPORT = qw(catalog_of catalog_differences);

# Each query gives names and what is told of them. The comments in front name the part. pg_attver is the server's own, a number
# of its minor releases for each table. NOT NULL is told of columns: from PostgreSQL 18 on it is a constraint, which a dump of an
# older server names otherwise. A partition has the comments of the version that made it.
my $queries = <<'SQL';
-- member
SELECT pg_describe_object(classid, objid, 0), '' FROM pg_depend
WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'eventlog')
-- extension
SELECT extname, concat_ws(' ', extversion, extrelocatable, extnamespace::regnamespace, extowner::regrole)
FROM pg_extension WHERE extname = 'eventlog'
-- dumped table
SELECT t.oid::regclass::text, t.condition
FROM pg_extension, unnest(extconfig, extcondition) AS t (oid, condition) WHERE extname = 'eventlog'
-- initial privileges
SELECT pg_describe_object(classoid, objoid, objsubid), concat_ws(' ', privtype, sorted_acl(initprivs)) FROM pg_init_privs
WHERE classoid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass)
   OR pg_describe_object(classoid, objoid, 0) ~ 'eventlog'
-- schema
SELECT nspname, nspowner::regrole || ' ' || sorted_acl(coalesce(nspacl, acldefault('n', nspowner)))
FROM pg_namespace WHERE nspname ~ '^eventlog'
-- relation
SELECT c.oid::regclass::text, concat_ws(' ', relkind, relpersistence, relowner::regrole, amname, reloptions, relrowsecurity,
       relforcerowsecurity, relreplident, relhassubclass AND relkind = 'p', pg_get_partkeydef(c.oid),
       sorted_acl(coalesce(relacl, acldefault('r', relowner))))
FROM pg_class c LEFT JOIN pg_am a ON a.oid = relam WHERE relnamespace::regnamespace::text ~ '^eventlog'
-- column
SELECT attrelid::regclass || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull,
       pg_get_expr(adbin, adrelid), attidentity, attgenerated, attstorage, attcompression, attstattarget, attcollation::regcollation,
       (SELECT string_agg(o, ',') FROM unnest(attoptions) o WHERE o !~ '^pg_attver='), sorted_acl(attacl),
       'number', rank() OVER (PARTITION BY attrelid ORDER BY attnum))
FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace::regnamespace::text ~ '^eventlog' AND attnum > 0 AND NOT attisdropped
-- constraint
SELECT conrelid::regclass || ' ' || conname, concat_ws(' ', pg_get_constraintdef(oid), convalidated, conislocal, connoinherit)
FROM pg_constraint WHERE connamespace::regnamespace::text ~ '^eventlog' AND contype <> 'n'
-- index
SELECT indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(indexrelid), indisprimary, indisvalid, indisreplident, indisclustered)
FROM pg_index JOIN pg_class ON oid = indrelid WHERE relnamespace::regnamespace::text ~ '^eventlog'
-- trigger
SELECT tgrelid::regclass || ' ' || tgname, concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled, tgisinternal)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace::regnamespace::text ~ '^eventlog' AND tgname <> 'sealed'
-- rule or view
SELECT ev_class::regclass || ' ' || rulename, concat_ws(' ', pg_get_ruledef(r.oid), ev_enabled)
FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class WHERE relnamespace::regnamespace::text ~ '^eventlog'
-- policy
SELECT polrelid::regclass || ' ' || polname, concat_ws(' ', polcmd, polpermissive, polroles::regrole[],
       pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace::regnamespace::text ~ '^eventlog'
-- function
SELECT oid::regprocedure::text, concat_ws(' ', pg_get_functiondef(oid), proowner::regrole,
       sorted_acl(coalesce(proacl, acldefault('f', proowner))))
FROM pg_proc WHERE pronamespace::regnamespace::text ~ '^eventlog' AND prokind <> 'a'
-- type
SELECT t.oid::regtype::text, concat_ws(' ', typtype, typowner::regrole, sorted_acl(coalesce(typacl, acldefault('T', typowner))),
       format_type(typbasetype, typtypmod), typnotnull, typdefault,
       (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
FROM pg_type t WHERE typnamespace::regnamespace::text ~ '^eventlog'
-- event trigger
SELECT evtname::text, concat_ws(' ', evtevent, evtenabled, evttags, evtfoid::regprocedure, evtowner::regrole) FROM pg_event_trigger
-- foreign data wrapper
SELECT fdwname::text, concat_ws(' ', fdwowner::regrole, fdwhandler::regproc, fdwvalidator::regproc, fdwoptions,
       sorted_acl(coalesce(fdwacl, acldefault('F', fdwowner)))) FROM pg_foreign_data_wrapper
-- comment
SELECT pg_describe_object(classoid, objoid, objsubid), description FROM pg_description
WHERE pg_describe_object(classoid, objoid, 0) ~ 'eventlog'
  AND NOT EXISTS (SELECT FROM pg_class c WHERE classoid = 'pg_class'::regclass AND c.oid = objoid AND c.relispartition)
-- default privileges
SELECT concat_ws(' ', defaclnamespace::regnamespace, defaclobjtype), sorted_acl(defaclacl) FROM pg_default_acl
-- cast
SELECT pg_describe_object('pg_cast'::regclass, oid, 0), concat_ws(' ', castcontext, castmethod) FROM pg_cast
WHERE pg_describe_object('pg_cast'::regclass, oid, 0) ~ 'eventlog'
-- operator
SELECT oid::regoperator::text, concat_ws(' ', oprcode, oprcom, oprnegate, oprrest, oprjoin)
FROM pg_operator WHERE oprnamespace::regnamespace::text ~ '^eventlog'
-- statistics
SELECT stxname::text, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxnamespace::regnamespace::text ~ '^eventlog'
SQL

# {"part name" => definition}. Partitions of one log have one name, whatever their times; differing ones stand side by side.
sub catalog_of
{
	my ($node, $database) = @_;
	$node->safe_psql($database, <<'SQL');
CREATE OR REPLACE FUNCTION public.sorted_acl(aclitem[]) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest($1) a $$
SQL
	my @parts;
	push @parts, "SELECT '$1', * FROM ($2) AS q (name, definition)" while $queries =~ /^-- (.+)\n((?:(?!-- ).*\n)+)/gm;
	my $records = $node->safe_psql($database,
		'SET search_path = pg_catalog, public; ' . join("\nUNION ALL\n", @parts),
		extra_params => [ '--field-separator-zero', '--record-separator-zero' ]);
	$node->safe_psql($database, 'DROP FUNCTION public.sorted_acl');
	my %found;
	my @fields = split /\0/, $records, -1;
	while (my ($part, $name, $definition) = splice @fields, 0, 3)
	{
		last unless defined $definition;
		s/_p\d{8}(?:_\d{4})?(?:_\d+)?/_p/g foreach $name, $definition;
		$found{"$part $name"}{ $definition =~ s/\s+$//r } = 1;
	}
	return { map { $_ => join "\n", sort keys %{ $found{$_} } } keys %found };
}

# Returns the differences, by name.
sub catalog_differences
{
	my ($got, $expected) = @_;
	my %names = (%$got, %$expected);
	my @differences;
	foreach my $name (sort keys %names)
	{
		if (!defined $got->{$name}) { push @differences, "missing: $name" }
		elsif (!defined $expected->{$name}) { push @differences, "too many: $name" }
		elsif ($got->{$name} ne $expected->{$name})
		{
			push @differences, "different: $name";
			note("$name:\n  got:      $got->{$name}\n  expected: $expected->{$name}");
		}
	}
	return @differences;
}

1;
