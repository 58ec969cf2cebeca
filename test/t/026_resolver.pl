# Host names resolve to addresses that are refused, or never resolve.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use PostgreSQL::Test::Utils;
use SecurityScenario;
use Test::More;
use Time::HiRes qw(time);

my $path = '/ndjson';
my $library = test_resolver();

my $receiver = EventReceiver->start(proxy => 1);
my $node;
{
	local $ENV{LD_PRELOAD} = $library;
	$node = start_eventlog('resolver', 'eventlog.poll_interval = 100ms', 'eventlog.max_retry_interval = 200ms');
}
use_node($node);

# ---- guarded addresses -----------------------------------------------------------------------------------------------

my $not_allowed = qr/eventlog\.allowed_hosts does not allow/;

with_target 'a name of this machine' => { url => $receiver->url($path, 'endpoint.local.test') }, {}, sub {
	arrives($receiver, 'is connected to');
	configure($node, 'eventlog.allowed_hosts' => '*.local.test');
	arrives($receiver, 'is allowed by its name');
	configure($node, 'eventlog.allowed_hosts' => '127.0.0.0/8');
	arrives($receiver, 'is allowed by its address');
	configure($node, 'eventlog.allowed_hosts' => '10.0.0.0/8');
	fails_with('refused', $not_allowed, 'is refused by its address');
	configure($node, 'eventlog.allowed_hosts' => '');
};
foreach my $name ('innocent.metadata.test', 'innocent.mapped.test')
{
	with_target "$name, a name of a metadata address" => { url => $receiver->url($path, $name) }, {}, sub {
		fails_with('refused', $not_allowed, 'refused');
		configure($node, 'eventlog.allowed_hosts' => '*, 0.0.0.0/0, ::/0');
		sql(q{SELECT eventlog.resume_target('t')});
		fails_with('refused', $not_allowed, 'whatever wide list there is');
		configure($node, 'eventlog.allowed_hosts' => '');
	};
}
with_target 'a proxy with a name of a metadata address' =>
  { url => $receiver->url($path), proxy => 'http://innocent.metadata.test:' . $receiver->proxy_port }, {}, sub {
	fails_with('refused', $not_allowed, 'refused');
  };
with_target 'a name of a metadata address and of this machine' => { url => $receiver->url($path, 'innocent.both.test') }, {}, sub {
	arrives($receiver, 'the other address is connected to');
};

# ---- a resolver that hangs -------------------------------------------------------------------------------------------

# Events that another target sends meanwhile.
sub others_go_on
{
	my ($what) = @_;
	my $started = time;
	my @ids = log_events($node, 'one', 'two');
	my $arrived = eval { wait_for_ids($receiver, 2); 1 };
	ok($arrived, $what);
	cmp_ok(time - $started, '<', 2, '... soon');
	$receiver->reset;
	return;
}

$receiver->reset;
sql(q{CREATE SERVER other FOREIGN DATA WRAPPER eventlog OPTIONS (format 'ndjson', url '} . $receiver->url($path) . q{')});
with_target 'a resolver that hangs' => { url => 'http://endpoint.hanging.test/', timeout_ms => 1000 }, {}, sub {
	others_go_on('another target is sent to while it hangs');
	my $status = wait_for_state($node, 't', 'waiting');
	like($status->{last_error}, qr/Resolving timed out/, 'it is given up');
	others_go_on('another target is sent to after that');
	wait_until('the name has been tried again', sub { forward_status($node, 't')->{retried} >= 3 });
	others_go_on('another target is sent to after the third time');
	sql(q{ALTER SERVER t OPTIONS (SET timeout_ms '60000')});
	wait_until('a lookup is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
};
others_go_on('another target is sent to after the target has been dropped');
with_target 'a server that stops while the resolver hangs' => { url => 'http://endpoint.hanging.test/', timeout_ms => 60000 }, {}, sub {
	log_events($node, 'kept');
	wait_until('a lookup is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	my $started = time;
	$node->stop('fast');
	cmp_ok(time - $started, '<', 5, 'stops soon');
	{
		local $ENV{LD_PRELOAD} = $library;
		$node->start;
	}
	wait_until('another worker runs', sub { worker_pid($node) ne '' });
};

is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
