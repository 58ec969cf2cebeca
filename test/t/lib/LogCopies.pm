# What the tests of dump, restore and upgrade share: what a log holds, how a target is left half-way, and what arrives.
package LogCopies;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use EventlogDatabases;
use Test::More;

our @EXPORT = qw(contents_of partitions_of log_many ids_of stop_halfway arrivals is_exactly);

# Every row that a dump has to hold, a line a table: its name, the number of rows and a checksum. Asks the catalog for
# the tables, so that it knows those that are added later. Oids of servers are not the same elsewhere.
sub contents_of
{
	my ($node, $database) = @_;
	my $queries = $node->safe_psql($database, <<'SQL');
SELECT format($q$SELECT %L, count(*), md5(string_agg(row, ',' ORDER BY row COLLATE "C"))
FROM (SELECT (to_jsonb(t) - 'server')::text AS row FROM %s t %s) r$q$, dumped.name, dumped.name, dumped.condition)
FROM (SELECT config.oid::regclass::text, config.condition
      FROM pg_extension, unnest(extconfig, extcondition) AS config (oid, condition) WHERE extname = 'eventlog'
      UNION
      SELECT partrelid::regclass::text, '' FROM pg_partitioned_table JOIN pg_class ON oid = partrelid
      WHERE relnamespace = 'eventlog'::regnamespace) AS dumped (name, condition)
ORDER BY dumped.name
SQL
	return $node->safe_psql($database, join "\nUNION ALL\n", $queries =~ /(SELECT.*?\) r)$/gms);
}

# The partitions of the logs with their bounds, indexes and triggers.
sub partitions_of
{
	my ($node, $database) = @_;
	return $node->safe_psql($database, <<'SQL');
WITH leaf AS (
    SELECT c.oid, c.relname, c.relpartbound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE parent.relnamespace = 'eventlog'::regnamespace AND parent.relkind = 'p'
)
SELECT relname, pg_get_expr(relpartbound, oid) FROM leaf
UNION ALL SELECT relname, pg_get_indexdef(indexrelid) FROM leaf JOIN pg_index ON indrelid = oid
UNION ALL SELECT relname, tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
FROM leaf JOIN pg_trigger t ON tgrelid = leaf.oid
ORDER BY 1, 2
SQL
}

# Logs so many events in one transaction; arguments may use their number, i.
sub log_many
{
	my ($node, $database, $count, $arguments) = @_;
	$arguments //= q{'many'};
	$node->safe_psql($database, "SELECT eventlog.log_event($arguments) FROM generate_series(1, $count) i");
	return;
}

# The ids of the events that a condition holds for.
sub ids_of
{
	my ($node, $database, $condition) = @_;
	return split /\n/, $node->safe_psql($database, "SELECT event_id FROM eventlog.events WHERE $condition");
}

# Logs 700 events for a target with batches of 100 and has it sent three batches of them, and hang in the fourth.
sub stop_halfway
{
	my ($node, $database, $target, $receiver, $more) = @_;
	my $sent = "SELECT sent FROM eventlog.forward_status WHERE target = '$target'";
	my $before = $node->safe_psql($database, $sent);
	$node->safe_psql($database, "SELECT eventlog.pause_target('$target')");
	log_many($node, $database, 700);
	$receiver->faults(
		{ kind => 'status', status => 200, path => "/$target", count => 3 },
		{ kind => 'hang', path => "/$target" },
		@{ $more // [] });
	$node->safe_psql($database, "SELECT eventlog.resume_target('$target')");
	wait_for_value($node, $database, $sent =~ s/sent/sent, in_flight/r, $before + 300 . '|1');
	return;
}

# What the endpoint has accepted since this was asked last: the path's ids, in order of arrival. Paths that are named are in
# it without ids, too.
sub arrivals
{
	my ($receiver, @paths) = @_;
	my %ids = map { $_ => [] } @paths;
	push @{ $ids{ substr $_->{path}, 1 } }, @{ $_->{ids} } foreach grep { $_->{accepted} } $receiver->requests;
	return %ids;
}

# Fails on what is lost, is not wanted, or came more than once.
sub is_exactly
{
	my ($got, $expected, $name) = @_;
	my (%times, %wanted);
	$times{$_}++ foreach @{ $got // [] };
	$wanted{$_} = 1 foreach @$expected;
	my $lost = grep { !$times{$_} } keys %wanted;
	my $extra = grep { !$wanted{$_} } keys %times;
	my $duplicates = @{ $got // [] } - keys %times;
	is("$lost lost, $extra extra, $duplicates duplicates",
		'0 lost, 0 extra, 0 duplicates', "$name (" . keys(%wanted) . ' events)');
	return;
}

1;
