# Erased data leaves nothing behind: not in what has been encoded and waits, not in the answer of a request that was under
# way, not in a dead letter, and not in any table, beside eight sessions that log. Later requests do not contain it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	WRITERS => 8,
	EACH => 300,    # events of a writer
	RATE => 600,    # events a second, of all
	ACTORS => 10
};

my $receiver = EventReceiver->start(keep_requests => 1);
my $node = start_eventlog('erasure', 'max_prepared_transactions = 4', 'eventlog.max_retry_interval = 400ms', 'eventlog.poll_interval = 200ms');
$node->safe_psql('postgres', target_ddl('sink', $receiver->url('/ndjson'), batch_events => 1));

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Logs an event of this actor, whose name and metadata are marked by it; its id.
sub log_of
{
	my ($actor) = @_;
	return sql(qq{SELECT eventlog.log_event('spoke', '{"said": "words of $actor"}', actor_type => 'user', actor_id => '$actor',
		resource_type => 'user', resource_id => '$actor', sofa => 'cookie of $actor', idempotency_key => 'key of $actor')});
}

sub erase { return sql("SELECT eventlog.erase_actor('user', '$_[0]')") }

sub dead_letter
{
	my ($id) = @_;
	return sql("SELECT status, reason, body FROM eventlog.dead_letters WHERE event_id = '$id'");
}

# The texts of the requests that have been accepted since the last call and carried this event.
sub texts_of
{
	my ($id) = @_;
	return map { $_->{text} } grep { $_->{accepted} && grep { $_ eq $id } @{ $_->{ids} } } $receiver->requests;
}

# The rows of the extension's tables, with those of its partitions, that hold this text.
sub traces
{
	my ($text) = @_;
	my @tables = split /\n/,
	  sql(q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relkind = 'r'});
	cmp_ok(scalar @tables, '>', 5, 'the tables are looked into');
	return map { my $table = $_; map { "$table: $_" } split /\n/, sql("SELECT t FROM $table t WHERE t::text LIKE '%$text%'") } @tables;
}

# Has the endpoint refuse one request, quoting this.
sub refuse_quoting
{
	my ($text, @before) = @_;
	$receiver->faults(@before, { kind => 'status', status => 400, body => "cannot take $text", count => 1 });
	return;
}

# A lone event that is refused is a dead letter where another has passed before.
sub let_one_pass
{
	my ($id) = log_events($node, 'passes');
	wait_until('it has arrived', sub { grep { $_ eq $id } $receiver->ids });
	return;
}

subtest 'encoded, and waiting for an endpoint that is away' => sub {
	$receiver->close_port;
	my $id = log_of('anna');
	wait_for_state($node, 'sink', 'waiting');
	is(erase('anna'), 1, 'erased');
	$receiver->open_port;
	wait_until('it has arrived', sub { grep { $_ eq $id } $receiver->ids });
	my @texts = texts_of($id);
	is(scalar @texts, 1, '... once');
	unlike($texts[0], qr/anna/, '... without what was erased');
	like($texts[0], qr/"event_name":"spoke"/, '... and with what stays');
};

subtest 'encoded, and erased by a prepared transaction' => sub {
	$receiver->close_port;
	my $id = log_of('emil');
	wait_for_state($node, 'sink', 'waiting');
	sql(q{BEGIN; SELECT eventlog.erase_actor('user', 'emil'); PREPARE TRANSACTION 'erases'});
	isnt(scalar traces('emil'), 0, 'nothing has gone yet');
	sql(q{COMMIT PREPARED 'erases'});
	is_deeply([ traces('emil') ], [], 'no trace of it is left');
	$receiver->open_port;
	wait_until('it has arrived', sub { grep { $_ eq $id } $receiver->ids });
	unlike(join('', texts_of($id)), qr/emil/, '... without what was erased');
};

subtest 'a dead letter' => sub {
	let_one_pass();
	refuse_quoting('words of bert');
	my $id = log_of('bert');
	wait_until('it is a dead letter', sub { dead_letter($id) ne '' });
	is(dead_letter($id), '400|the endpoint answered 400|cannot take words of bert', 'it quotes the event');
	is(erase('bert'), 1, 'erased');
	is(dead_letter($id), '400|The event has been erased.|', '... and the dead letter is still there');
	is_deeply([ traces('bert') ], [], '... with no trace of it');
	is(sql("SELECT eventlog.redrive('sink')"), 1, 'it can be sent again');
	wait_until('it has arrived', sub { grep { $_ eq $id } $receiver->ids });
	my @texts = texts_of($id);
	is(scalar @texts, 1, '... once');
	unlike($texts[0], qr/bert/, '... without what was erased');
	wait_until('it is no dead letter any more', sub { dead_letter($id) eq '' });
};

subtest 'refused while it is being erased' => sub {
	let_one_pass();
	refuse_quoting('words of carl');
	sql('SELECT eventlog.pause_target($$sink$$)');
	my $id = log_of('carl');
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	is($session->query_safe(q{BEGIN; SELECT eventlog.erase_actor('user', 'carl')}), 1, 'a session erases it and stays open');
	sql('SELECT eventlog.resume_target($$sink$$)');
	wait_until('it is a dead letter, since nobody waits', sub { dead_letter($id) ne '' });
	is(dead_letter($id), '400|The event has been erased.|', '... that does not quote the event');
	$session->query_safe('COMMIT');
	$session->quit;
	is_deeply([ traces('carl') ], [], 'no trace of it is left');
	sql(q{SELECT eventlog.purge_dead_letters('sink', 'infinity')});
};

subtest 'under way when it is erased, and refused afterwards' => sub {
	let_one_pass();
	refuse_quoting('words of dora', { kind => 'hold', count => 1 });
	my $id = log_of('dora');
	wait_for_held($receiver);
	is(erase('dora'), 1, 'erased');
	$receiver->faults;
	wait_until('it is a dead letter', sub { dead_letter($id) ne '' });
	is(dead_letter($id), '400|The event has been erased.|', 'the dead letter does not quote the event');
	is_deeply([ traces('dora') ], [], 'no trace of it is left');
};


subtest 'beside eight sessions that log' => sub {
	$receiver->faults;
	sql(q{SELECT eventlog.purge_dead_letters('sink', 'infinity')});
	sql(q{ALTER SERVER sink OPTIONS (SET batch_events '100')});
	my $script = PostgreSQL::Test::Utils::tempdir('writers') . '/log.sql';
	append_to_file($script, '\set actor random(0, ' . (ACTORS - 1) . ")\n"
		  . q{SELECT eventlog.log_event('spoke', jsonb_build_object('said', 'words of fred' || :actor), actor_type => 'user',
 actor_id => 'fred' || :actor, resource_type => 'room', resource_id => 'room of fred' || :actor, sofa => 'cookie of fred' || :actor);
} =~ s/\n / /gr);
	my $before = sql('SELECT max(event_id::text) FROM eventlog.events');
	my $writers = start_pgbench($node, '-c', WRITERS, '-j', 2, '-t', EACH, '-R', RATE, '-f', $script);
	my ($erased, $erasures) = (0, 0);
	wait_until('something has been logged', sub { sql(q{SELECT count(*) FROM eventlog.events WHERE actor_id = 'fred3'}) > 0 });
	while (is_running($writers))
	{
		$erased += erase('fred3');
		$erasures++;
	}
	ok($writers->finish, 'no session that logs has failed');
	$erased += erase('fred3');
	$erased += sql(q{SELECT eventlog.erase_resource('room', 'room of fred3')});
	cmp_ok($erasures, '>', 1, 'it was erased again and again');
	cmp_ok($erased, '>', 0, '... and there was something to erase');
	is_deeply([ traces('fred3') ], [], 'no trace of it is left');
	isnt(scalar traces('fred4'), 0, '... while others are there');
	my $logged = "event_name = 'spoke' AND event_id > '$before'";
	is(sql("SELECT count(*) FROM eventlog.events WHERE $logged"), WRITERS * EACH, 'no row is gone');
	wait_until('all has arrived', sub { forward_status($node, 'sink')->{lag_events} == 0 });
	my %arrived = map { $_ => 1 } $receiver->ids;
	my @missing = grep { !$arrived{$_} } split /\n/, sql("SELECT event_id FROM eventlog.events WHERE $logged");
	is(scalar @missing, 0, 'everything has been sent') or diag("@missing");
	is(sql(q{SELECT count(*) FROM eventlog.events WHERE event_name = 'eventlog.actor.erased' AND source = 'eventlog'
		AND metadata #>> '{_eventLog,caller,principalId}' <> ''}), $erasures + 6, 'each erasure has been logged, with its caller');
};

is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
