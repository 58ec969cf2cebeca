# The server's transaction numbers go back, as pg_resetwal can make them: every reader gets what is logged afterwards.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use LogCopies;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The upper half of a 64-bit transaction number; the lower half stays, so that the server knows its transactions.
use constant EPOCHS => (9, 7, 7, 3);

my $receiver = EventReceiver->start;

sub set_epoch
{
	my ($node, $epoch) = @_;
	$node->stop;
	command_ok([ 'pg_resetwal', '--epoch=' . $epoch, '--pgdata', $node->data_dir ], "epoch $epoch");
	$node->start;
	return;
}

sub log_some
{
	my ($node, $name) = @_;
	return split /\n/, $node->safe_psql('postgres', "SELECT eventlog.log_event('$name') FROM generate_series(1, 5)");
}

# Logs in each epoch, by sessions or by the worker that comes first, and reads between them.
sub numbers_go_back
{
	my ($kind, $node) = @_;
	my $preloaded = $kind eq 'preloaded';
	$node->stop;
	command_ok([ 'pg_resetwal', '--epoch=' . (EPOCHS)[0], '--pgdata', $node->data_dir ], "$kind: a server whose numbers are high");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS eventlog');
	$node->safe_psql('postgres', target_ddl('sink', $receiver->url("/$kind"))) if $preloaded;
	$node->safe_psql('postgres', q{SELECT eventlog.create_consumer('reader', 'beginning')});
	my $incarnation = 'SELECT incarnation FROM eventlog.cluster';
	my (@logged, @read, $first);
	foreach my $round (1 .. 3)
	{
		push @logged, log_some($node, "round $round");
		# What has been read is below the cursor, and the rest of the window is in it.
		if ($round < 3)
		{
			my @piece = poll_events($node, 'postgres', 'reader', 3);
			ack_events($node, 'postgres', 'reader', $piece[-1]);
			push @read, @piece;
		}
		$first //= $node->safe_psql('postgres', $incarnation);
		wait_for_value($node, 'postgres', 'SELECT lag_events FROM eventlog.forward_status', 0) if $preloaded && $round == 1;
		set_epoch($node, (EPOCHS)[$round]);
	}
	push @logged, log_some($node, 'the last');
	is($node->safe_psql('postgres', $incarnation), $first, "$kind: the log is the same");
	is($node->safe_psql('postgres', 'SELECT bool_and(xid < later) FROM (SELECT xid, lead(xid) OVER (ORDER BY event_name, xid) AS later
		FROM eventlog.events) e WHERE xid <> later'), 't', '... and its numbers go on');
	push @read, read_on($node, 'postgres', 'reader');
	is_exactly(\@read, \@logged, '... and a consumer reads all');
	is($node->safe_psql('postgres', q{SELECT eventlog.create_consumer('late', 'now')}) // '', '', '... and one more begins');
	my @after = log_some($node, 'after');
	is_exactly([ read_on($node, 'postgres', 'late') ], \@after, '... with what comes');
	return if !$preloaded;
	wait_for_value($node, 'postgres', 'SELECT lag_events FROM eventlog.forward_status', 0);
	my %arrived = arrivals($receiver);
	# What had been sent when the server stopped may come again.
	my %times;
	is_exactly([ grep { !$times{$_}++ } @{ $arrived{$kind} } ], [ @logged, @after ], '... and the target gets all');
	is($node->safe_psql('postgres', 'SELECT state FROM eventlog.forward_status'), 'running', '... and is not paused');
	like(slurp_file($node->logfile), qr/transaction numbers have gone back in database "postgres"/, '... and the server\'s log tells of it');
	return;
}

my $node = start_eventlog('lowered');
numbers_go_back('preloaded', $node);

# A worker that comes first, and finds nothing but a reader's cursor.
$node->safe_psql('postgres', 'ALTER SYSTEM SET eventlog.forwarding = off');
set_epoch($node, 1);
wait_until('the worker has raised the numbers',
	sub { slurp_file($node->logfile) =~ /eventlog worker LOG:  eventlog: the server's transaction numbers have gone back/ });
pass('the worker takes the log up without a call');
is_free_of_crashes($node);
$node->stop;

my $plain = PostgreSQL::Test::Cluster->new('plain');
$plain->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$plain->start;
numbers_go_back('not preloaded', $plain);
$plain->stop;
$receiver->stop;
done_testing();
