# eventlog.test_target says how far a request gets and what the endpoint answers, records nothing, and changes nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $key = 'TheKeyOfTheTarget';
my $tls = make_certificates();
my $receiver = EventReceiver->start(api_key => $key);
my $secure = EventReceiver->start(certificate => "$tls/valid", api_key => $key);
my $node = start_eventlog('probed', q{eventlog.forwarding = off});
my %path = (statsig => '/v1/log_event', ndjson => '/ndjson', otlp => '/v1/logs', segment => '/v1/batch', cloudevents => '/cloudevents');

# Makes target t with these options, and returns what test_target says, one "step ok: detail" for each row.
sub tested
{
	my ($server, $mapping, $settings) = @_;
	my $options = sub { my ($of) = @_; join ', ', map { "$_ '$of->{$_}'" } sort keys %$of };
	$node->safe_psql('postgres', 'SET client_min_messages = error; DROP SERVER IF EXISTS t CASCADE; '
		. 'CREATE SERVER t FOREIGN DATA WRAPPER eventlog OPTIONS (' . $options->($server) . '); '
		. ($mapping ? 'CREATE USER MAPPING FOR PUBLIC SERVER t OPTIONS (' . $options->($mapping) . ')' : ''));
	my $before = $node->safe_psql('postgres', 'SELECT t FROM eventlog.targets t');
	my $answer = $node->safe_psql('postgres', ($settings // '')
		. q{ SELECT step || ' ' || coalesce(ok::text, 'unknown') || ': ' || detail FROM eventlog.test_target('t')});
	is($node->safe_psql('postgres', 'SELECT t FROM eventlog.targets t'), $before, 'the state of the target stays');
	unlike($answer, qr/$key/, '... and the key is not shown');
	return $answer;
}

my $reached = qr/resolve true: host "127\.0\.0\.1" is resolved\nconnect true: connected to 127\.0\.0\.1, port \d+\n/;
foreach my $format (sort keys %path)
{
	my %mode = $format eq 'cloudevents' ? (mode => 'batch') : ();
	like(tested({ url => $receiver->url($path{$format}), format => $format, %mode }, { api_key => $key }),
		qr/\A${reached}key (?:true|unknown): .*\nanswer (?:true|unknown): the endpoint answered \d+/, "$format: a request without events");
}
is(join(' ', $receiver->ids), '', '... of which the endpoint records none');
like(tested({ url => $receiver->url($path{statsig}), format => 'statsig' }, { api_key => $key }),
	qr/\A${reached}key true: the endpoint took a request with the key\nanswer true: the endpoint answered 202/, 'statsig: the key is right');
my $requests = $receiver->request_count;
like(tested({ url => $receiver->url($path{cloudevents}), format => 'cloudevents' }, { api_key => $key }),
	qr/\A${reached}key unknown: .*\nanswer unknown: nothing was sent, because each request of the format is an event\z/,
	'a format without such a request is only connected to');
is($receiver->request_count, $requests, '... without a request');

like(tested({ url => $receiver->url($path{statsig}), format => 'statsig' }, { api_key => 'wrong' }),
	qr/\A${reached}key false: the endpoint answered 401 to the key\nanswer false: the endpoint answered 401/, 'a wrong key');
like(tested({ url => $receiver->url($path{statsig}), format => 'statsig' }),
	qr/\A${reached}key false: no key was sent, because there is no user mapping for "\w+", who owns the server, nor for PUBLIC\n/, 'no key');
like(tested({ url => $receiver->url($path{statsig}), format => 'statsig' }, { api_key_file => '/nonexistent/key' }),
	qr/\A${reached}key false: file "\/nonexistent\/key" of option api_key_file cannot be read: .*\nanswer unknown: nothing was sent without the key\z/,
	'a key that cannot be read');

my $free = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0);
my $closed = $free->sockport;
$free->close;
like(tested({ url => "http://127.0.0.1:$closed/", format => 'ndjson' }), qr/\Aresolve true: .*\nconnect false: .*(?:refused|failed to connect).*\z/i, 'a port that refuses');
like(tested({ url => 'http://example.invalid/', format => 'ndjson' }), qr/\Aresolve false: host "example\.invalid": .+\z/, 'a name that does not exist');
like(tested({ url => $receiver->url('/ndjson'), format => 'ndjson' }, undef, q{SET eventlog.allowed_hosts = 'example.com';}),
	qr/eventlog\.allowed_hosts does not allow the host or its address\z/, 'a host that is not allowed');
is($node->safe_psql('postgres', q{SELECT state FROM eventlog.forward_status}), 'running', '... and the target is not stopped by it');

my $plain = $receiver->url('/ndjson') =~ s/^http/https/r;
like(tested({ url => $plain, format => 'ndjson' }), qr/\A${reached}tls false: the endpoint does not speak TLS at this port; the url may have to begin with http:\/\/\z/,
	'TLS with an endpoint that does not speak it');
like(tested({ url => $secure->url($path{statsig}), format => 'statsig' }, { api_key => $key }), qr/\A${reached}tls false: .*certificate.*\z/i,
	'a certificate that is not trusted');
like(tested({ url => $secure->url($path{statsig}), format => 'statsig', ca_file => "$tls/ca.crt" }, { api_key => $key }),
	qr/\A${reached}tls true: the endpoint's certificate is valid\nkey true: .*\nanswer true: /, 'a certificate that is');

$receiver->faults({ kind => 'hang' });
like(tested({ url => $receiver->url($path{statsig}), format => 'statsig', timeout_ms => 300 }, { api_key => $key }),
	qr/\A${reached}answer false: .*tim.*\z/i, 'an endpoint that hangs is given up after timeout_ms');
tested({ url => $receiver->url($path{statsig}), format => 'statsig', timeout_ms => 300 }, { api_key => $key });
$node->safe_psql('postgres', 'ALTER SERVER t OPTIONS (SET timeout_ms $$600000$$)');
is(refusal($node, 'postgres', q{SET statement_timeout = 500; SELECT eventlog.test_target('t')})->{sqlstate}, '57014', '... or when the query is cancelled');
$receiver->reset;
like(tested({ url => $receiver->url($path{statsig}), format => 'statsig' }, { api_key => $key }), qr/\nanswer true: /, '... and the session is fit for another');

is(refusal($node, 'postgres', q{SELECT eventlog.test_target('none')})->{sqlstate}, '42704', 'an unknown target');
is(refusal($node, 'postgres', q{SELECT eventlog.test_target(NULL)})->{sqlstate}, '22004', '... and none');
$node->safe_psql('postgres', 'CREATE ROLE app; GRANT USAGE ON SCHEMA eventlog TO app');
is(refusal($node, 'postgres', q{SET ROLE app; SELECT eventlog.test_target('t')})->{sqlstate}, '42501', 'a role without the privilege');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION eventlog.test_target TO app');
like($node->safe_psql('postgres', q{SET ROLE app; SELECT string_agg(step, ' ') FROM eventlog.test_target('t')}), qr/^resolve connect key answer$/, '... and with it');

# ---- what the worker says of the same ---------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', q{eventlog.forwarding = on});
$node->reload;
tested({ url => $receiver->url($path{statsig}), format => 'statsig', events => 'all' });
$node->safe_psql('postgres', q{SELECT eventlog.log_event('refused')});
like(wait_for_state($node, 't', 'unauthorized')->{last_error},
	qr/^the endpoint answered 401; no key was sent, because there is no user mapping for "\w+", who owns the server, nor for PUBLIC$/,
	'a 401 without a key says so');
tested({ url => $plain, format => 'ndjson' });
$node->safe_psql('postgres', q{SELECT eventlog.log_event('unheard')});
like(wait_for_state($node, 't', 'waiting')->{last_error}, qr/^the endpoint does not speak TLS at this port; the url may have to begin with http:/,
	'... and an endpoint without TLS, too');

# In a session of a server that does not preload the library, too.
$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
$node->append_conf('postgresql.conf', q{log_statement = none});
$node->restart;
tested({ url => $receiver->url($path{statsig}), format => 'statsig' }, { api_key => $key });
like($node->safe_psql('postgres', q{SELECT step || coalesce(ok::text, '') FROM eventlog.test_target('t')}), qr/answertrue/, 'not preloaded: it works');
is_free_of_crashes($node);
$node->stop;
done_testing();
