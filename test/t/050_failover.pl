# A standby is promoted while eight sessions log and events flow: what the new primary has committed is delivered, before or
# after, in order, and what has been rolled back never is. Asynchronous replication, where commits may get lost with the
# primary, and synchronous, where none does.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventWriters;
use EventlogDatabases;
use EventlogTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
	RATE => 150,      # transactions a second
	EVENTS => 1000    # that have arrived before the primary goes, and that are to arrive afterwards
};

my $receiver = EventReceiver->start(keep_bodies => 1);
my $node = start_eventlog('first',
	'fsync = on',
	'wal_level = replica',
	'max_wal_senders = 4',
	'max_connections = 40',
	'max_prepared_transactions = 100',
	'wal_receiver_status_interval = 1s',
	'hot_standby_feedback = on',
	'eventlog.max_retry_interval = 500ms',
	'eventlog.poll_interval = 200ms');
$node->safe_psql('postgres', target_ddl('sink', $receiver->url('/ndjson'), batch_events => 50));

# A running standby of the server, which is synchronous if that is asked for.
sub make_standby
{
	my ($primary, $name, $synchronous) = @_;
	$primary->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($primary, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', q{synchronous_standby_names = ''});
	$standby->start;
	configure($primary, synchronous_standby_names => $synchronous ? $name : '');
	wait_until("$name follows", sub {
			$primary->safe_psql('postgres', 'SELECT string_agg(sync_state, $$ $$) FROM pg_stat_replication') eq
			  ($synchronous ? 'sync' : 'async');
		});
	return $standby;
}

sub wait_for_sent
{
	my ($server, $count, $writers) = @_;
	wait_until("$count events more have been settled", sub {
			$writers->keep_writing if $writers;
			return forward_status($server, 'sink')->{sent} >= $count;
		});
	return;
}

my @requests;

# Has the primary stop at once and the standby take over, while sessions log; checks what has been delivered at the end.
sub fail_over
{
	my ($primary, $standby, $synchronous) = @_;
	my $kind = $synchronous ? 'synchronous' : 'asynchronous';
	my $writers = EventWriters->new($primary, rate => RATE);
	$writers->keep_writing;
	wait_for_sent($primary, forward_status($primary, 'sink')->{sent} + EVENTS, $writers);
	is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'eventlog%'}),
		0, "$kind: on the standby nothing of the extension runs");
	ok($standby->safe_psql('postgres', q{SELECT count(*) > 0 FROM eventlog.events}), '... but the log can be read');

	# A request is under way, and then the next, when the primary goes.
	$receiver->faults({ kind => 'delay', ms => 100 });
	wait_until('a request is under way', sub { forward_status($primary, 'sink')->{in_flight} > 0 });
	$primary->stop('immediate');
	$writers->stop;
	$standby->promote;
	$receiver->faults;

	$writers = EventWriters->new($standby, rate => RATE);
	wait_until('the new primary has its worker', sub { worker_pid($standby) ne '' });
	wait_for_sent($standby, forward_status($standby, 'sink')->{sent} + EVENTS, $writers);
	$writers->stop;
	resolve_prepared($standby);
	wait_until('all are settled', sub { forward_status($standby, 'sink')->{lag_events} == 0 });

	push @requests, grep { $_->{accepted} } $receiver->requests;
	my $delivery = delivery_of($standby, map { @{ $_->{ids} } } @requests);
	my %name_of = map { $_->{event_id} => $_->{event_name} } map { @{ $_->{events} } } @requests;
	my %unknown;
	$unknown{ $name_of{$_} }++ foreach @{ $delivery->{unknown} };
	diag(sprintf '%s: %d events, %d duplicates; lost with the primary after they had been sent: %s', $kind,
		$delivery->{committed}, $delivery->{duplicates}, join(', ', map { "$unknown{$_} $_" } sort keys %unknown) || 'none');
	is("@{ $delivery->{missing} }", '', '... what the new primary has committed has been delivered');
	is($unknown{undone} // 0, 0, '... nothing that has been rolled back');
	is($unknown{kept} // 0, 0, '... nor what did not reach the standby, but where the session did not wait for that') if $synchronous;
	is($delivery->{disordered}, 0, '... those of a session in order');
	cmp_ok(scalar(grep { $name_of{$_} eq 'async' } keys %name_of), '>', 0, '... those of synchronous_commit = off as well');
	my $status = forward_status($standby, 'sink');
	is("$status->{state} $status->{dead}", 'running 0', '... and nothing is a dead letter');
	is_free_of_crashes($standby);
	return;
}

my $second = make_standby($node, 'second', 1);
fail_over($node, $second, 1);
is_free_of_crashes($node);

# ---- a commit that waits for the standby -----------------------------------------------------------------------------

my $third = make_standby($second, 'third', 1);
configure($third, primary_conninfo => '');
wait_until('the standby has gone', sub { $second->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_replication') == 0 });
my $requests_before = $receiver->stats->{requests};
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $second->connstr('postgres'), '-c', q{SELECT eventlog.log_event('waiting', source => 'writers')} ],
	'<', \undef, '>', \my $id, '2>', \my $stderr);
wait_until('its commit waits',
	sub { $second->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'}) == 1 });
sleep 2;
is($receiver->stats->{requests}, $requests_before, 'a commit that waits for its standby is not sent');
$third->safe_psql('postgres', 'ALTER SYSTEM RESET primary_conninfo; SELECT pg_reload_conf()');
$session->finish;
chomp $id;
wait_until('the event has arrived', sub { grep { $_ eq $id } $receiver->ids });
pass('... but when it is there');
configure($second, synchronous_standby_names => '');

fail_over($second, $third, 0);

$third->stop;
$receiver->stop;
done_testing();
