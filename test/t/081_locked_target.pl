# A transaction that is left open with a target's rows locked costs the other targets next to nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $receiver = EventReceiver->start;
my $node = start_eventlog('locked_target');
create_target($node, $_, events => 'all', url => $receiver->url("/$_"), format => 'ndjson') foreach 'healthy', 'locked';
# The log's partitions are there before a transaction stays open that might make them.
log_events($node, 'first');
wait_until('both have it', sub { $node->safe_psql('postgres', 'SELECT min(sent) FROM eventlog.forward_status') == 1 });

foreach my $call (q{rewind_target('locked', 'now')}, q{pause_target('locked')})
{
	my ($in, $out) = ('', '');
	my $open = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out);
	$in .= "BEGIN; SELECT eventlog.$call; SELECT 'locked';\n";
	$open->pump until $out =~ /locked/;
	$receiver->faults({ kind => 'status', status => 503, path => '/locked' });
	my $started = time;
	foreach my $i (1 .. 5)
	{
		my $sent = forward_status($node, 'healthy')->{sent};
		log_events($node, 'event');
		wait_until('the healthy target has it', sub { forward_status($node, 'healthy')->{sent} > $sent });
	}
	cmp_ok(time - $started, '<', 10, "$call in an open transaction holds up no other target");
	$receiver->faults;
	$in .= "ROLLBACK;\n\\q\n";
	$open->finish;
	wait_until('the locked target has them, too', sub { forward_status($node, 'locked')->{lag_events} == 0 });
}

# A transaction left open in which maintain() has made partitions holds its lock; the worker that finds partitions missing does not wait for it.
{
	my ($in, $out) = ('', '');
	my $open = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out);
	$in .= "SET eventlog.partitions_ahead = 4; BEGIN; SELECT eventlog.maintain(); SELECT 'locked';\n";
	$open->pump until $out =~ /locked/;
	$node->append_conf('postgresql.conf', 'eventlog.partitions_ahead = 5');
	$node->reload;
	my $ended = worker_pid($node);
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($ended)");
	wait_until('the next worker is there', sub { worker_pid($node) =~ /^(?!$ended$)\d+$/ });
	my $sent = forward_status($node, 'healthy')->{sent};
	log_events($node, 'event');
	wait_until('events are sent', sub { forward_status($node, 'healthy')->{sent} > $sent });
	is($node->safe_psql('postgres', 'SELECT eventlog.log_event_autonomous($$event$$) IS NOT NULL'), 't', 'and autonomous ones written');
	unlike(slurp_file($node->logfile), qr/eventlog: maintenance/, 'the worker had to let go, which is no failure');
	$in .= "ROLLBACK;\n\\q\n";
	$open->finish;
	wait_until('all are sent', sub { forward_status($node, 'locked')->{lag_events} == 0 });
}

is($receiver->stats->{distinct_ids}, 13, 'all have arrived');
$node->stop;
$receiver->stop;
done_testing();
