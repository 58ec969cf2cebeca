# No secret of a target is in anything that the extension writes, whatever fails and however much is logged.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use SecurityScenario;
use Test::More;

my $mark = 'TheSecret';
my $basic = encode_base64("user:$mark-Basic", '');
my $signing = encode_base64("$mark-for-the-signature", '');
my $secret = qr/$mark|\\u0054\\u0068\\u0065|\Q$basic\E|\Q$signing\E/;
my $file = PostgreSQL::Test::Utils::tempdir('keys') . '/key';
append_to_file($file, "$mark-File\n");

my $receiver = EventReceiver->start;
my $refusing = EventReceiver->start(api_key => 'another', proxy => 'user:another');
my $node;
{
	local $ENV{EVENTLOG_TEST_KEY} = "$mark-Env";
	# The test's own statements are not for the log: PostgreSQL would write their keys there.
	$node = start_eventlog('secrets', 'log_min_error_statement = panic', 'eventlog.poll_interval = 100ms',
		'eventlog.max_retry_interval = 200ms');
}
use_node($node);
# Nor from the start, when the postmaster writes its environment to the log.
configure($node, log_min_messages => 'debug5');

# ---- every kind of secret, everything failing ------------------------------------------------------------------------

# By target: format, url, options of the server, options of the user mapping, expected state.
my $all_headers = "Authorization: Basic $basic\nX-Api-Key: $mark-Header\nProxy-Authorization: Bearer $mark-Proxy";
my %key = (api_key => "$mark-Option");
my @targets = (
	[ 'partial', 'otlp', '/partial', { events => 'all' }, {%key}, 'running' ],
	[ 'echo_400', 'statsig', '/echo400', { events => 'one' }, { %key, headers => $all_headers }, 'running' ],
	[ 'echo_401', 'statsig', '/echo401', {}, { %key, headers => $all_headers }, 'unauthorized' ],
	[ 'echo_500', 'statsig', '/echo500', {}, {%key}, 'waiting' ],
	[ 'echo_garbage', 'statsig', '/garbage', {}, {%key}, 'waiting' ],
	[ 'lost', 'ndjson', '/reset/ndjson', {}, {%key}, 'waiting' ],
	[ 'hanging', 'ndjson', '/hang/ndjson', { timeout_ms => 200 }, {%key}, 'waiting' ],
	[ 'by_file', 'ndjson', $refusing->url('/ndjson'), {}, { api_key_file => $file }, 'unauthorized' ],
	[ 'by_env', 'ndjson', $refusing->url('/ndjson'), {}, { api_key_env => 'EVENTLOG_TEST_KEY' }, 'unauthorized' ],
	[ 'no_file', 'ndjson', $refusing->url('/ndjson'), {}, { api_key_file => "$file.none", headers => $all_headers }, 'unauthorized' ],
	[ 'signed', 'ndjson', '/echo401', {}, { signing_secret => "whsec_$signing" }, 'unauthorized' ],
	[ 'no_tls', 'ndjson', $receiver->url('/ndjson') =~ s/^http/https/r, {}, { %key, headers => $all_headers }, 'waiting' ],
	[ 'by_proxy', 'ndjson', 'https://example.invalid/', { proxy => 'http://127.0.0.1:' . $refusing->proxy_port },
		{ %key, headers => $all_headers }, 'waiting' ],
	[ 'not_allowed', 'ndjson', 'https://169.254.169.254/', { proxy => 'http://127.0.0.1:' . $refusing->proxy_port },
		{ %key, headers => $all_headers }, 'refused' ],
	[ 'bad_name', 'ndjson', 'http://example.invalid/', {}, { %key, headers => $all_headers }, 'waiting' ]);

# The key as JSON may spell it, and a number of events that no request has held.
my $escaped = join '', map { sprintf '\u%04x', ord } split //, "$mark-Option";
my $partial = qq({"partialSuccess":{"rejectedLogRecords":"9223372036854775807","errorMessage":"the key $escaped is bad"}});
my $echo = "you sent $escaped, $mark-Option, Basic $basic, $basic, $mark-Header, Bearer $mark-Proxy";

sub options
{
	my (%options) = @_;
	return 'OPTIONS (' . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ')';
}

configure($node, 'eventlog.allowed_hosts' => '*, 169.254.0.0/16');

sub create
{
	my ($name, $format, $url, $server, $mapping) = @_;
	$url = $receiver->url($format eq 'statsig' ? "$url/v1/log_event" : $url) if $url =~ m{^/};
	sql("CREATE SERVER $name FOREIGN DATA WRAPPER eventlog " . options(%$server, format => $format, url => $url)
		  . ";CREATE USER MAPPING FOR CURRENT_USER SERVER $name " . options(%$mapping));
	return;
}

# An event that passes first, so that the next, refused alone, is a dead letter.
my ($first) = grep { $_->[0] eq 'echo_400' } @targets;
create(@$first);
log_events($node, 'one');
wait_until('it has arrived', sub { forward_status($node, 'echo_400')->{sent} == 1 });
$receiver->faults(
	{ kind => 'status', path => '/echo400', status => 400, body => $echo, count => 1 },
	{ kind => 'status', path => '/partial', status => 200, body => $partial },
	{ kind => 'status', path => '/echo401', status => 401, body => $echo },
	{ kind => 'status', path => '/echo500', status => 500, body => $echo },
	{ kind => 'garbage', path => '/garbage' },
	{ kind => 'reset_before_response', path => '/reset' },
	{ kind => 'hang', path => '/hang' });
create(@$_) foreach grep { $_ != $first } @targets;
configure($node, 'eventlog.allowed_hosts' => '');
log_events($node, 'one', 'two');

my @written;
foreach my $target (@targets)
{
	my ($name, $state) = @$target[ 0, 5 ];
	my $status = {};
	my $reached = eval {
		wait_until("$name is $state", sub {
				$status = forward_status($node, $name);
				push @written, sql('SELECT string_agg(a::text, chr(10)) FROM pg_stat_activity a WHERE pid <> pg_backend_pid()');
				return $status->{state} eq $state && ($name eq 'echo_400' ? $status->{dead} == 1 : defined $status->{last_error});
			});
		1;
	};
	ok($reached, "$name is $state: " . ($status->{last_error} // 'no error'));
}
my ($letter) = dead_letters($node, 'echo_400');
is($letter->{body}, 'you sent ***, ***, ***, ***, ***, ***', 'the answer in the dead letter has stars for the secrets');
wait_until('all have been tried again', sub { sql("SELECT min(retried) FROM eventlog.targets WHERE name NOT IN ('echo_400', 'partial')") >= 3 });
like(forward_status($node, 'partial')->{last_error}, qr/left out 2 of its events: the key \*\*\* is bad\z/, "an endpoint's message is decoded, then searched for secrets");
is(sql('SELECT left_out FROM eventlog.stats'), 2, '... and it leaves out no more events than it was sent');

# ---- what can be read ------------------------------------------------------------------------------------------------

# Definitions change under way as well.
sql("ALTER SERVER $_->[0] OPTIONS (ADD linger_ms '1')") foreach grep { $_->[0] ne 'not_allowed' } @targets;
push @written, sql("SELECT string_agg(x::text, chr(10)) FROM $_ x")
  foreach qw(eventlog.targets eventlog.dead_letters eventlog.forward_status eventlog.reader_window eventlog.reader_position
  eventlog.events pg_foreign_server pg_settings pg_stat_activity);
my (undef, $listed) = $node->psql('postgres', '\des+');
like($listed, qr/echo_401/, 'the servers are listed');
unlike($listed, $secret, '... without a secret');
cmp_ok(scalar(grep { /eventlog worker/ } @written), '>', 10, 'pg_stat_activity has been looked at');
unlike(join("\n", @written), $secret, 'no view and no table holds a secret');

my @bad = ('api_key E\'TheSecret\n\'', 'headers E\'X-Api-Key: TheSecret\x01\'', 'headers \'TheSecret X\'', 'signing_secret \'whsec_TheSecret\'',
	'api_key \'TheSecret\', api_key_env \'X\'');
foreach my $options (@bad)
{
	my ($status, undef, $error) = $node->psql('postgres', "CREATE USER MAPPING FOR PUBLIC SERVER lost OPTIONS ($options)",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	isnt($status, 0, "refused: $options");
	$error =~ s/^LINE .*\n.*$//mg;
	unlike($error, $secret, '... without repeating it');
}
$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/eventlog worker DEBUG:/, 'the worker has logged all that it can');
my @found = $log =~ /(.*(?:$secret).*)/g;
is(scalar @found, 0, 'no secret is in the server log') or diag(join "\n", @found[ 0 .. ($#found < 5 ? $#found : 5) ]);
$_->stop foreach $receiver, $refusing;
done_testing();
