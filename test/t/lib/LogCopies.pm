# The tests of dump, restore and upgrade share these: what a log holds, how targets and consumers are left half-way, and what
# arrives.
package LogCopies;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use EventlogDatabases;
use EventlogTest;
use Test::More;

our @EXPORT = qw(contents_of partitions_of log_many ids_of stop_halfway arrivals is_exactly poll_events ack_events read_on
  stop_consumers consumers_go_on);

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

# The partitions of the logs with their bounds, indexes and triggers, but for seals, which the worker makes in its own time.
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
FROM leaf JOIN pg_trigger t ON tgrelid = leaf.oid AND tgname <> 'sealed'
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

# Returns the ids that the endpoint has accepted since the last call: the path's ids, in order of arrival. Paths that are named are in
# it without ids, too.
sub arrivals
{
	my ($receiver, @paths) = @_;
	my %ids = map { $_ => [] } @paths;
	push @{ $ids{ substr $_->{path}, 1 } }, @{ $_->{ids} } foreach grep { $_->{accepted} } $receiver->requests;
	return %ids;
}

# The ids of the next events of a consumer, which are leased for an interval, 10 minutes by default.
sub poll_events
{
	my ($node, $database, $consumer, $count, $lease) = @_;
	$lease //= '10 minutes';
	return split /\n/, $node->safe_psql($database,
		"SELECT event_id FROM eventlog.poll('$consumer', $count, lease => '$lease')");
}

# Acknowledges events up to this id: 't', or 'f' where they are not leased any more.
sub ack_events
{
	my ($node, $database, $consumer, $id) = @_;
	return $node->safe_psql($database, "SELECT eventlog.ack('$consumer', '$id')");
}

# Polls and acknowledges until nothing is left but leases that have long to run; the ids.
sub read_on
{
	my ($node, $database, $consumer) = @_;
	my @read;
	wait_until("$consumer has read all", sub {
		while (my @piece = poll_events($node, $database, $consumer, 300))
		{
			die "$consumer: what was polled cannot be acknowledged"
			  if ack_events($node, $database, $consumer, $piece[-1]) ne 't';
			push @read, @piece;
		}
		return $node->safe_psql($database, <<"SQL") eq 't';
SELECT lag_events = 0 AND NOT EXISTS (SELECT FROM eventlog.leases l WHERE l.consumer = '$consumer' AND leased_until < now() + '5 minutes')
FROM eventlog.consumers WHERE name = '$consumer'
SQL
	});
	return @read;
}

# The consumers of stop_consumers, and which events each selects.
my %consumers = (everything => 'true', some => q{event_name IN ('flagged', 'new')});

# Makes consumers and leaves each in the midst of its window, with pieces that are done, leased for long, done in part, leased
# for a moment, and given back. What they have left, for consumers_go_on: ids that are done, of the first event, held by
# somebody who will acknowledge it, and of those whose holder is gone.
sub stop_consumers
{
	my @at = @_;
	my ($node, $database) = @at;
	$node->safe_psql($database, <<'SQL');
SELECT eventlog.create_consumer('everything', 'beginning'), eventlog.create_consumer('some', 'beginning', '{flagged,new}')
SQL
	my %stopped;
	foreach my $consumer (sort keys %consumers)
	{
		my @held = poll_events(@at, $consumer, 1, '1 day');
		my @done = poll_events(@at, $consumer, 8);
		ack_events(@at, $consumer, $done[-1]);
		my @gone = poll_events(@at, $consumer, 6, '1 day');
		ack_events(@at, $consumer, $gone[1]);
		push @done, splice @gone, 0, 2;
		my @given_back = poll_events(@at, $consumer, 3);
		poll_events(@at, $consumer, 5, '1 second');
		$node->safe_psql($database, "SELECT eventlog.nack('$consumer', '$given_back[0]')");
		is($node->safe_psql($database, <<"SQL"), 't|4|13', "consumer $consumer is half-way, with leases");
SELECT window_opened_at IS NOT NULL AND lag_events > 0, leased_pieces, leased_events FROM eventlog.consumers WHERE name = '$consumer'
SQL
		$stopped{$consumer} = { done => \@done, held => \@held, gone => \@gone };
	}
	return \%stopped;
}

# In a log that has been adopted, from where stop_consumers has left it, each consumer gets what is not done, once, and what is
# leased when that has ended.
sub consumers_go_on
{
	my ($name, $stopped, @at) = @_;
	my ($node, $database) = @at;
	foreach my $consumer (sort keys %consumers)
	{
		my ($done, $held, $gone) = @{ $stopped->{$consumer} }{qw(done held gone)};
		my %spoken_for = map { $_ => 1 } @$done, @$held, @$gone;
		my @waiting = grep { !$spoken_for{$_} } ids_of(@at, $consumers{$consumer});
		is(ack_events(@at, $consumer, $held->[0]), 't', "$name: who holds events of consumer $consumer acknowledges them");
		is_exactly([ read_on(@at, $consumer) ], \@waiting, '... the others get what is neither done nor leased');
		is($node->safe_psql($database, <<"SQL"), '0|1|' . @$gone, '... and no more');
SELECT lag_events, leased_pieces, leased_events FROM eventlog.consumers WHERE name = '$consumer'
SQL
		$node->safe_psql($database, "UPDATE eventlog.leases SET leased_until = now() WHERE consumer = '$consumer'");
		is_exactly([ read_on(@at, $consumer) ], $gone, '... and what is leased when its time has ended');
		is($node->safe_psql($database, "SELECT count(*) FROM eventlog.leases WHERE consumer = '$consumer'"), 0, '... and that is all');
	}
	return;
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
